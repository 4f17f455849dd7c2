using System.Globalization;
using Attune.Core.Runs;
using Attune.Reports.Tracking;

namespace Attune.Reports.Tests.Tracking;

public sealed class MetricsCsvTests
{
    private static readonly RunEvent[] Events =
    [
        new(1, "dpo", "update", 0, 1, 8, new Dictionary<string, double> { ["rewards/margins"] = 0.1, ["loss"] = 0.6931471805599453 })
        {
            Time = new DateTimeOffset(2026, 12, 2, 20, 15, 30, 250, TimeSpan.Zero),
        },
        new(2, "dpo", "evaluation", 1, 1, 8, new Dictionary<string, double> { ["loss"] = double.NaN, ["odd, \"name\""] = 1e-300 }),
    ];

    [Fact]
    public void A_row_an_event_and_a_column_a_metric_by_its_full_name() =>
        Assert.Equal(
            "step,timestamp,kind,round,items,loss,\"odd, \"\"name\"\"\",rewards/margins\n"
                + "1,2026-12-02T20:15:30.250000+00:00,update,0,8,0.6931471805599453,,0.1\n"
                + "1,,evaluation,1,8,NaN,1E-300,\n",
            MetricsCsv.Render(Events)
        );

    [Fact]
    public void What_is_written_reads_back_to_the_same_figures()
    {
        var run = ImaginedRun.Whole();
        foreach (var stage in run.Stages)
        {
            RunEvent[] events = [.. run.EventsOf(stage)];
            string[][] cells = [.. MetricsCsv.Render(events).TrimEnd('\n').Split('\n').Select(line => line.Split(','))];
            Assert.Equal(events.Length + 1, cells.Length);
            foreach (var (entry, row) in events.Zip(cells[1..]))
            {
                Assert.Equal(entry.Updates, long.Parse(row[0], CultureInfo.InvariantCulture));
                var read = cells[0]
                    [5..]
                    .Zip(row[5..])
                    .Where(c => c.Second.Length > 0)
                    .ToDictionary(c => c.First, c => double.Parse(c.Second, CultureInfo.InvariantCulture));
                Assert.Equal(entry.Metrics.OrderBy(m => m.Key), read.OrderBy(m => m.Key));
            }
        }
    }
}
