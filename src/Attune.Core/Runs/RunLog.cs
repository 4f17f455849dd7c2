using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Attune.Core.Runs;

/// <summary>What a file of JSON lines holds.</summary>
/// <param name="Unfinished">Null, or a sentence about a half-written last line that was left out: the writer was stopped in the middle of
/// it.</param>
public sealed record RunLog<T>(ImmutableArray<T> Entries, string? Unfinished);

internal static class RunLog
{
    /// <summary>
    /// Reads one value a line; a missing file holds none. A last line without a line break counts if it is whole JSON.
    /// </summary>
    public static RunLog<T> Read<T>(string path, JsonTypeInfo<T> type)
        where T : class
    {
        var lines = ReadLines(path, type);
        return new RunLog<T>([.. lines.Entries.Select(line => line.Entry)], lines.Unfinished);
    }

    /// <summary>As <see cref="Read"/>, with each line's bytes as they stand, without the line break.</summary>
    public static RunLog<(T Entry, ReadOnlyMemory<byte> Text)> ReadLines<T>(string path, JsonTypeInfo<T> type)
        where T : class
    {
        ReadOnlyMemory<byte> rest = File.Exists(path) ? ReadShared(path) : [];
        var entries = ImmutableArray.CreateBuilder<(T, ReadOnlyMemory<byte>)>();
        while (!rest.IsEmpty)
        {
            var length = rest.Span.IndexOf((byte)'\n');
            var text = length < 0 ? rest : rest[..length];
            rest = length < 0 ? default : rest[(length + 1)..];
            try
            {
                entries.Add((JsonSerializer.Deserialize(text.Span, type) ?? throw new JsonException("null"), text));
            }
            catch (JsonException) when (length < 0)
            {
                return new(
                    entries.ToImmutable(),
                    $"{Path.GetFileName(path)}, line {entries.Count + 1}: half-written, as the run was stopped while writing it; left out."
                );
            }
            catch (JsonException problem)
            {
                throw new DataException(
                    $"{path}, line {entries.Count + 1}: not a JSON object of the expected form "
                        + $"({problem.Message.TrimEnd('.')}). Restore the file from a copy, or start the run again."
                );
            }
        }

        return new(entries.ToImmutable(), null);
    }

    public static byte[] ToLine<T>(T entry, JsonTypeInfo<T> type) => [.. JsonSerializer.SerializeToUtf8Bytes(entry, type), (byte)'\n'];

    // A dashboard reads while the run writes.
    private static byte[] ReadShared(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[stream.Length];
        var read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return bytes[..read];
    }
}
