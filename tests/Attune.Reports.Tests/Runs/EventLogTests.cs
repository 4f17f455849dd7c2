using Attune.Core;
using Attune.Core.Runs;
using Attune.Testing;
using CsCheck;

namespace Attune.Reports.Tests.Runs;

public sealed class EventLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private RunFolder Run => new(_folder.Path);

    public void Dispose() => _folder.Dispose();

    private static RunEvent Update(long sequence, string stage = "ppo", long? updates = null, double loss = 0.5) =>
        new(
            sequence,
            stage,
            "update",
            sequence,
            updates ?? sequence,
            8 * sequence,
            new Dictionary<string, double> { ["loss"] = loss, ["objective/kl"] = 0.1 * sequence }
        );

    private static SampleEvent Sample(long updates, string stage = "ppo", string answer = "Good — “fine”, <b>ä</b>.\nTwo lines.") =>
        new(stage, updates, 0, "The film was", answer, 1.5, null, 2.25);

    private void Write(int events)
    {
        using var log = EventLog.Open(_folder.Path);
        for (var i = log.NextSequence; i <= events; i++)
        {
            log.Append(Update(i));
            log.Append(Sample(i));
        }
    }

    [Fact]
    public void What_is_appended_is_read_back()
    {
        Write(3);
        var events = Run.ReadEvents();
        Assert.Null(events.Unfinished);
        Assert.Equal([1, 2, 3], events.Entries.Select(e => e.Sequence));
        Assert.Equal(Update(2).Metrics, events.Entries[1].Metrics);
        Assert.Equal(Update(2) with { Metrics = events.Entries[1].Metrics }, events.Entries[1]);
        Assert.Equal([Sample(1), Sample(2), Sample(3)], Run.ReadSamples().Entries);
    }

    [Fact]
    public void Names_are_snake_case_and_absent_rewards_are_left_out()
    {
        Write(1);
        Assert.Equal(
            """{"sequence":1,"stage":"ppo","kind":"update","round":1,"updates":1,"items":8,"metrics":{"loss":0.5,"objective/kl":0.1}}"""
                + "\n",
            File.ReadAllText(Run.EventsFile)
        );
        var sample = File.ReadAllText(Run.SamplesFile);
        Assert.Contains("\"prompt_index\":0", sample);
        Assert.Contains("“fine”, <b>ä</b>", sample);
        Assert.DoesNotContain("proxy", sample);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_figure_that_is_not_finite_is_null_on_disk_and_NaN_when_read(double figure)
    {
        using (var log = EventLog.Open(_folder.Path))
        {
            log.Append(Update(1, loss: figure));
        }

        Assert.Contains("\"loss\":null", File.ReadAllText(Run.EventsFile));
        Assert.True(double.IsNaN(Run.ReadEvents().Entries[0].Metrics["loss"]));
    }

    [Fact]
    public void Law_every_finite_figure_survives_disk_to_the_last_bit() =>
        Gen
            .Double.Where(double.IsFinite)
            .Sample(
                figure =>
                {
                    using var folder = new TemporaryFolder();
                    using (var log = EventLog.Open(folder.Path))
                    {
                        log.Append(Update(1, loss: figure));
                    }

                    var read = new RunFolder(folder.Path).ReadEvents().Entries[0].Metrics["loss"];
                    return BitConverter.DoubleToInt64Bits(read) == BitConverter.DoubleToInt64Bits(figure);
                },
                iter: 60
            );

    [Fact]
    public void Cut_at_any_byte_of_the_last_two_lines_the_log_is_read_and_continued()
    {
        Write(4);
        var whole = File.ReadAllBytes(Run.EventsFile);
        var lineEnds = Enumerable.Range(0, whole.Length).Where(i => whole[i] == '\n').ToArray();
        for (var cut = lineEnds[1] + 1; cut <= whole.Length; cut++)
        {
            File.WriteAllBytes(Run.EventsFile, whole[..cut]);
            // A line is whole with its last brace: the line break itself may be missing.
            var complete = lineEnds.Count(end => end <= cut);
            var read = Run.ReadEvents();
            Assert.Equal(complete, read.Entries.Length);
            var atLineEnd = cut == whole.Length || lineEnds.Contains(cut) || lineEnds.Contains(cut - 1);
            Assert.Equal(atLineEnd, read.Unfinished is null);

            Write(4);
            Assert.Equal(whole, File.ReadAllBytes(Run.EventsFile));
        }
    }

    [Fact]
    public void Samples_cut_at_any_byte_of_the_last_line_lose_that_line_only()
    {
        Write(2);
        var whole = File.ReadAllBytes(Run.SamplesFile);
        var firstEnd = Array.IndexOf(whole, (byte)'\n');
        for (var cut = firstEnd + 2; cut < whole.Length - 1; cut++)
        {
            File.WriteAllBytes(Run.SamplesFile, whole[..cut]);
            Assert.Equal([Sample(1)], Run.ReadSamples().Entries);
            Assert.NotNull(Run.ReadSamples().Unfinished);
            EventLog.Open(_folder.Path).Dispose();
            Assert.Equal(whole[..(firstEnd + 1)], File.ReadAllBytes(Run.SamplesFile));
        }
    }

    [Fact]
    public void Truncating_and_appending_again_gives_the_bytes_of_an_uninterrupted_run()
    {
        Write(9);
        var (events, samples) = (File.ReadAllBytes(Run.EventsFile), File.ReadAllBytes(Run.SamplesFile));
        using (var log = EventLog.Open(_folder.Path))
        {
            log.TruncateAfter(4);
            Assert.Equal(5, log.NextSequence);
            Assert.Equal(4, Run.ReadEvents().Entries.Length);
            Assert.Equal(4, Run.ReadSamples().Entries.Length);
        }

        Write(9);
        Assert.Equal(events, File.ReadAllBytes(Run.EventsFile));
        Assert.Equal(samples, File.ReadAllBytes(Run.SamplesFile));
    }

    [Fact]
    public void Truncating_drops_samples_of_later_stages_and_keeps_those_of_finished_ones()
    {
        using var log = EventLog.Open(_folder.Path);
        log.Append(Sample(0, "sft"));
        log.Append(Update(1, "sft", updates: 20));
        log.Append(Sample(20, "sft"));
        log.Append(Update(2, "ppo", updates: 3));
        log.Append(Sample(3, "ppo"));
        log.Append(Update(3, "ppo", updates: 6));
        log.Append(Sample(6, "ppo"));
        log.TruncateAfter(2);
        Assert.Equal([("sft", 0L), ("sft", 20L), ("ppo", 3L)], Run.ReadSamples().Entries.Select(s => (s.Stage, s.Updates)));
        log.TruncateAfter(1);
        Assert.Equal([("sft", 0L), ("sft", 20L)], Run.ReadSamples().Entries.Select(s => (s.Stage, s.Updates)));
        log.TruncateAfter(0);
        Assert.Empty(Run.ReadSamples().Entries);
        Assert.Empty(Run.ReadEvents().Entries);
    }

    [Fact]
    public void Fields_of_a_later_version_survive_truncation()
    {
        Write(2);
        var lines = File.ReadAllLines(Run.EventsFile);
        lines[0] = lines[0].Replace("{\"sequence\"", "{\"from_the_future\":[1,2],\"sequence\"");
        File.WriteAllText(Run.EventsFile, lines[0] + "\n" + lines[1] + "\n");
        using var log = EventLog.Open(_folder.Path);
        log.TruncateAfter(1);
        Assert.Equal(lines[0] + "\n", File.ReadAllText(Run.EventsFile));
    }

    [Fact]
    public void Truncating_after_an_event_that_is_not_there_is_refused()
    {
        Write(2);
        using var log = EventLog.Open(_folder.Path);
        Assert.Contains("ends at event 2", Assert.Throws<AttuneException>(() => log.TruncateAfter(3)).Message);
        log.Append(Update(3));
    }

    [Fact]
    public void An_event_out_of_order_is_refused()
    {
        using var log = EventLog.Open(_folder.Path);
        Assert.Throws<ArgumentException>(() => log.Append(Update(2)));
        Assert.Empty(Run.ReadEvents().Entries);
    }

    [Theory]
    [InlineData("{\"sequence\":1,\"stage\":", "line 1")]
    [InlineData("null", "line 1")]
    [InlineData("{\"sequence\":1}", "line 1: stage, kind or metrics")]
    [InlineData("{\"sequence\":7,\"stage\":\"ppo\",\"kind\":\"update\",\"metrics\":{}}", "sequence is 7; expected 1")]
    public void A_damaged_line_that_is_not_the_last_is_an_error_that_names_it(string line, string expected)
    {
        _folder.WriteText("events.jsonl", line + "\n" + "{}\n");
        Assert.Contains(expected, Assert.Throws<DataException>(() => Run.ReadEvents()).Message);
    }

    [Fact]
    public void The_log_can_be_read_while_it_is_written()
    {
        using var log = EventLog.Open(_folder.Path);
        for (var i = 1; i <= 3; i++)
        {
            log.Append(Update(i));
            Assert.Equal(i, Run.ReadEvents().Entries.Length);
        }
    }
}
