using System.Diagnostics;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>A disk that fills up while training and while the report is written. Needs root, to mount a small disk in memory.</summary>
public sealed class FullDiskTests(TinyModel models) : IClassFixture<TinyModel>, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private bool _mounted;

    private string Disk => _folder.File("disk");

    public void Dispose()
    {
        if (_mounted)
        {
            Command("umount", "--lazy", Disk);
        }

        _folder.Dispose();
    }

    [Fact]
    public void A_disk_that_is_full_while_training_stops_the_run_which_goes_on_when_there_is_space()
    {
        Mount("160k");
        var whole = Sft(_folder.File("whole")).Succeeded();
        Sft(Run).Refused("could not be written", "No space left on device");
        Assert.DoesNotContain(
            Files(Run),
            f => f.Contains(".tmp-", StringComparison.Ordinal) || f.Contains("unfinished", StringComparison.Ordinal)
        );
        Assert.True(Command("mount", "-o", "remount,size=8m", Disk));
        Sft(Run, "--resume").Succeeded();
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(_folder.File("whole"), "final", "model.safetensors")),
            File.ReadAllBytes(Path.Combine(Run, "final", "model.safetensors"))
        );
        Assert.Equal("", whole.Output);
    }

    [Fact]
    public void A_disk_that_is_full_when_the_report_is_written_loses_nothing_else()
    {
        Mount("8m");
        Sft(Run).Succeeded();
        var report = File.ReadAllBytes(Path.Combine(Run, "report.html"));
        File.Delete(Path.Combine(Run, "report.html"));
        Fill(leave: 24 << 10);
        Assert.True(report.Length > 24 << 10);
        Sft(Run, "--resume").Refused("report.html could not be written", "No space left on device");
        Assert.DoesNotContain(Files(Run), f => f.Contains(".tmp-", StringComparison.Ordinal));
        File.Delete(Path.Combine(Disk, "filler"));
        Sft(Run, "--resume").Succeeded();
        Assert.True(File.Exists(Path.Combine(Run, "report.html")));
    }

    private string Run => Path.Combine(Disk, "run");

    private void Mount(string size)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs a file system in memory");
        Directory.CreateDirectory(Disk);
        _mounted = Command("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", Disk);
        Assert.SkipUnless(_mounted, "needs root, to mount a small disk");
        _folder.WriteText(
            "data.jsonl",
            string.Concat(Enumerable.Range(0, 24).Select(i => $$"""{"prompt": "The film {{i}}", "completion": " was slow."}""" + "\n"))
        );
    }

    private void Fill(int leave)
    {
        var free = new DriveInfo(Disk).AvailableFreeSpace;
        File.WriteAllBytes(Path.Combine(Disk, "filler"), new byte[free - leave]);
    }

    private Outcome Sft(string target, params string[] options) =>
        AttuneProgram.RunApart(
            _folder.Path,
            [
                "sft",
                "--model",
                models.Policy,
                "--data",
                "data.jsonl",
                "--out",
                target,
                "--batch-size",
                "4",
                "--epochs",
                "2",
                "--checkpoint-every",
                "2",
                .. options,
            ]
        );

    private static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Select(f => Path.GetFileName(f)!);

    private static bool Command(string name, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(name, arguments) { RedirectStandardError = true, RedirectStandardOutput = true }
            )!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
