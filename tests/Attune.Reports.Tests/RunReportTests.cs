using Attune.Testing;

namespace Attune.Reports.Tests;

public sealed class RunReportTests
{
    [Fact]
    public void The_report_is_written_into_the_run_folder()
    {
        using var folder = new TemporaryFolder();
        ImaginedRun.WriteTo(folder.Path, ImaginedRun.Whole());
        var path = RunReport.Write(folder.Path);
        Assert.Equal(folder.File("report.html"), path);
        Assert.Equal(RunReport.Render(RunRecord.Read(folder.Path)), File.ReadAllText(path));
        if (Environment.GetEnvironmentVariable("ATTUNE_KEEP_REPORT") is { } keep)
        {
            File.Copy(path, keep, overwrite: true);
        }
    }
}
