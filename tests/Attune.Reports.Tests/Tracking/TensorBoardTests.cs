using System.Text.Json;
using Attune.Core.Runs;
using Attune.Reports.Tracking;
using Attune.Testing;

namespace Attune.Reports.Tests.Tracking;

/// <summary>Event files against those that TensorBoard's and torch's own writers made.</summary>
public sealed class TensorBoardTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_of_scalars_has_the_bytes_that_TensorBoard_gives_it()
    {
        const string Name = "scalars-old/events.out.tfevents.1700000000.host.1234.0";
        var expected = File.ReadAllBytes(SharedData.Require("exports/tensorboard/" + Name));
        var records = Records(Name);
        using (var file = TensorBoardFile.Create(_folder.File("events"), Time(records[0]), isContinued: false))
        {
            foreach (var record in records[1..])
            {
                file.Add(Time(record), record.GetProperty("step").GetInt64(), Figures(record));
            }
        }

        Assert.Equal(expected, File.ReadAllBytes(_folder.File("events")));
    }

    [Fact]
    public void Scalars_of_torch_have_the_same_bytes()
    {
        const string Name = "torch/events.out.tfevents.1700000000.host.1234.0";
        var bytes = File.ReadAllBytes(SharedData.Require("exports/tensorboard/" + Name));
        var scalars = Records(Name).Where(r => Figures(r).Length > 0).ToArray();
        Assert.Equal(6, scalars.Length);
        Assert.All(
            scalars,
            r =>
            {
                var (at, length) = (r.GetProperty("offset").GetInt32(), r.GetProperty("length").GetInt32() + 16);
                var written = TensorBoardRecord.Scalars(
                    r.GetProperty("wall_time").GetDouble(),
                    r.GetProperty("step").GetInt64(),
                    Figures(r)
                );
                Assert.Equal(bytes[at..(at + length)], written);
            }
        );
    }

    [Fact]
    public void Checksums_of_every_record_agree()
    {
        using var expected = JsonDocument.Parse(File.ReadAllText(SharedData.Require("exports/tensorboard/expected.json")));
        var records = expected.RootElement.EnumerateObject().SelectMany(f => f.Value.GetProperty("records").EnumerateArray()).ToArray();
        Assert.True(records.Length > 20);
        Assert.All(
            records,
            r =>
            {
                var payload = r.GetProperty("payload_base64").GetBytesFromBase64();
                Assert.Equal(
                    r.GetProperty("masked_crc32c_length").GetUInt32(),
                    TensorBoardRecord.MaskedCrc(BitConverter.GetBytes((long)payload.Length))
                );
                Assert.Equal(r.GetProperty("masked_crc32c_data").GetUInt32(), TensorBoardRecord.MaskedCrc(payload));
            }
        );
    }

    /// <summary>CRC-32C of "123456789" is 0xe3069283; masked by hand.</summary>
    [Fact]
    public void The_checksum_is_the_published_one_masked() =>
        Assert.Equal(unchecked(0x2507c60d + 0xa282ead8), TensorBoardRecord.MaskedCrc("123456789"u8));

    [Fact]
    public void A_step_may_be_negative_or_beyond_31_bits_and_a_figure_not_finite()
    {
        // 0x10: field 2; ten bytes for -1, as every negative varint. 0x2a 0x09: the summary; 0x15: simple_value.
        var negative = TensorBoardRecord.Scalars(0, -1, [new("a", double.NaN)])[12..^4];
        Assert.Equal([0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x2a, 0x0a, 0x0a, 0x08], negative[9..24]);
        Assert.True(float.IsNaN(BitConverter.ToSingle(negative.AsSpan()[^4..])));
        var large = TensorBoardRecord.Scalars(0, 1L << 31, [new("a", double.NegativeInfinity)])[12..^4];
        Assert.Equal([0x10, 0x80, 0x80, 0x80, 0x80, 0x08, 0x2a], large[9..16]);
        Assert.Equal(float.NegativeInfinity, BitConverter.ToSingle(large.AsSpan()[^4..]));
    }

    [Fact]
    public void A_run_that_goes_on_opens_a_file_that_sorts_later_and_says_from_where_on_it_counts()
    {
        var time = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);
        foreach (var step in new[] { 7, 3 })
        {
            using var file = TensorBoardFile.Begin(_folder.Path, time);
            file.Add(new RunEvent(1, "sft", "update", step, step, step, new Dictionary<string, double> { ["loss"] = 0.5 }), time);
        }

        string[] files = [.. Directory.GetFiles(_folder.Path).Order(StringComparer.Ordinal)];
        Assert.Equal(2, files.Length);
        Assert.Matches(@"events\.out\.tfevents\.1700000000\.attune\.\d+\.0$", files[0]);
        Assert.Matches(@"events\.out\.tfevents\.1700000001\.attune\.\d+\.1$", files[1]);
        var opening = TensorBoardRecord.Opening(1_700_000_000);
        byte[] One(long step) => TensorBoardRecord.Scalars(1_700_000_000, step, [new("loss", 0.5)]);
        Assert.Equal([.. opening, .. One(7)], File.ReadAllBytes(files[0]));
        Assert.Equal([.. opening, .. TensorBoardRecord.Restart(1_700_000_000, 3), .. One(3)], File.ReadAllBytes(files[1]));
        // SessionLog { status: START } is field 7 of the event.
        Assert.Equal([0x10, 0x03, 0x3a, 0x02, 0x08, 0x01], TensorBoardRecord.Restart(1_700_000_000, 3)[21..27]);
    }

    private static JsonElement[] Records(string name)
    {
        using var expected = JsonDocument.Parse(File.ReadAllText(SharedData.Require("exports/tensorboard/expected.json")));
        return [.. expected.RootElement.GetProperty(name).GetProperty("records").Clone().EnumerateArray()];
    }

    private static DateTimeOffset Time(JsonElement record) =>
        DateTimeOffset.UnixEpoch.AddSeconds(record.GetProperty("wall_time").GetDouble());

    /// <summary>Those in the form of simple values.</summary>
    private static KeyValuePair<string, double>[] Figures(JsonElement record) =>
        record.TryGetProperty("values", out var values)
            ?
            [
                .. values
                    .EnumerateArray()
                    .Where(v => v.GetProperty("kind").GetString() == "simple_value")
                    .Select(v => KeyValuePair.Create(v.GetProperty("tag").GetString()!, v.GetProperty("value").GetDouble())),
            ]
            : [];
}
