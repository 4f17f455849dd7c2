using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Attune.Reports.Tracking;

/// <summary>
/// Events in the bytes that TensorBoard's own writer gives them: protocol buffers of <c>tensorboard/compat/proto/event.proto</c>, framed as
/// TFRecords (length, masked CRC-32C of it, payload, masked CRC-32C of that; all little endian).
/// </summary>
internal static class TensorBoardRecord
{
    private const string Version = "brain.Event:2";
    private const string Writer = "tensorboard.summary.writer.event_file_writer";

    /// <summary>What every file begins with.</summary>
    public static byte[] Opening(double wallTime)
    {
        var payload = Payload(wallTime, step: 0);
        Text(payload, 3, Version);
        var source = new List<byte>();
        Text(source, 1, Writer);
        Message(payload, 10, source);
        return Framed(payload);
    }

    /// <summary>Says that a writer began anew at a step: what earlier files hold from there on counts no more.</summary>
    public static byte[] Restart(double wallTime, long step)
    {
        var payload = Payload(wallTime, step);
        Message(payload, 7, [8, 1]); // SessionLog, status START
        return Framed(payload);
    }

    /// <summary>Figures of one step, as <c>simple_value</c>: other readers than TensorBoard know no other form.</summary>
    public static byte[] Scalars(double wallTime, long step, IEnumerable<KeyValuePair<string, double>> figures)
    {
        var summary = new List<byte>();
        Span<byte> number = stackalloc byte[sizeof(float)];
        foreach (var (tag, value) in figures)
        {
            var one = new List<byte>();
            Text(one, 1, tag);
            one.Add((2 << 3) | 5);
            BinaryPrimitives.WriteSingleLittleEndian(number, (float)value);
            one.AddRange(number);
            Message(summary, 1, one);
        }

        var payload = Payload(wallTime, step);
        Message(payload, 5, summary);
        return Framed(payload);
    }

    /// <summary>Rotated and shifted, since a CRC of data that holds CRCs is a weak one.</summary>
    internal static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return BitOperations.RotateRight(~crc, 15) + 0xa282ead8;
    }

    private static byte[] Framed(List<byte> payload)
    {
        var record = new byte[payload.Count + 16];
        var bytes = record.AsSpan();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)payload.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], MaskedCrc(bytes[..8]));
        payload.CopyTo(record, 12);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[^4..], MaskedCrc(bytes[12..^4]));
        return record;
    }

    // Fields of default value are left out, as protocol buffers of version 3 do.
    private static List<byte> Payload(double wallTime, long step)
    {
        var payload = new List<byte> { (1 << 3) | 1 };
        Span<byte> number = stackalloc byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleLittleEndian(number, wallTime);
        payload.AddRange(number);
        if (step != 0)
        {
            payload.Add(2 << 3);
            Varint(payload, (ulong)step);
        }

        return payload;
    }

    private static void Text(List<byte> target, int field, string text) => Message(target, field, [.. Encoding.UTF8.GetBytes(text)]);

    private static void Message(List<byte> target, int field, List<byte> content)
    {
        Varint(target, (ulong)((field << 3) | 2));
        Varint(target, (ulong)content.Count);
        target.AddRange(content);
    }

    private static void Varint(List<byte> target, ulong value)
    {
        while (value > 127)
        {
            target.Add((byte)(value | 128));
            value >>= 7;
        }

        target.Add((byte)value);
    }
}
