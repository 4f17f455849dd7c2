using System.Diagnostics;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>Where a run may be written, and when it may be resumed.</summary>
public sealed class RunFolderTests(TinyModel models) : IClassFixture<TinyModel>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_that_is_not_empty_is_left_alone()
    {
        WriteData();
        Directory.CreateDirectory(_folder.File("run"));
        _folder.WriteText("run/thesis.txt", "three years of work");
        Sft().Refused("run is not empty and holds no run");
        Assert.Equal([_folder.File("run/thesis.txt")], Directory.GetFileSystemEntries(_folder.File("run")));
    }

    [Fact]
    public void A_folder_that_holds_a_run_needs_resume_and_the_same_recipe_and_data()
    {
        WriteData();
        Sft().Succeeded();
        Sft().Refused("run holds a run already", "--resume");
        Sft("--resume", "--learning-rate", "0.002", "--tracking", "csv")
            .Refused(
                "recipe.yaml differs from the recipe given now",
                "sft.learning_rate: 2e-5 in the run, 0.002 now",
                "tracking: [] in the"
            );
        Assert.Equal(0, Sft("--resume").ExitCode);

        // As if stopped just before the end, and the data exchanged meanwhile.
        File.Delete(_folder.File("run/stage.json"));
        File.AppendAllText(_folder.File("data.jsonl"), """{"prompt": "The music", "completion": " was loud."}""" + "\n");
        Sft("--resume").Refused("was made from other data", "Put the data back");
    }

    [Fact]
    public void Without_a_run_there_is_nothing_to_resume()
    {
        WriteData();
        Sft("--resume").Refused("run holds no run to continue", "Leave --resume out");
        Sft("--resume-from", "checkpoint-3").Refused("run holds no run to continue");
        Assert.False(Directory.Exists(_folder.File("run")));
    }

    [Fact]
    public void What_failed_before_it_began_leaves_nothing_and_can_be_given_again()
    {
        Sft().Refused("data.jsonl does not exist");
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
        WriteData();
        Sft().Succeeded();
    }

    [Fact]
    public void A_folder_that_was_there_stays_there_empty()
    {
        Directory.CreateDirectory(_folder.File("run"));
        Sft().Refused("data.jsonl does not exist");
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.File("run")));
        Assert.True(Directory.Exists(_folder.File("run")));
    }

    [Fact]
    public void A_folder_below_a_file_cannot_be_made()
    {
        WriteData();
        _folder.WriteText("notes", "a file");
        AttuneProgram
            .Run(_folder.Path, "sft", "--model", models.Policy, "--data", "data.jsonl", "--out", "notes/run")
            .Refused("could not be written");
        Assert.Equal("a file", File.ReadAllText(_folder.File("notes")));
    }

    [Fact]
    public void A_folder_without_write_permission_is_named()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && Environment.UserName == "root",
            "drops root's rights to have a folder without permission"
        );
        WriteData();
        using var program = Process.Start(
            new ProcessStartInfo(
                "setpriv",
                ["--bounding-set=-all", "--inh-caps=-all", "--reuid=65534", "--regid=65534", "--clear-groups", "true"]
            )
        )!;
        program.WaitForExit();
        Assert.SkipUnless(program.ExitCode == 0, "setpriv does not work here");
        var start = new ProcessStartInfo(
            "setpriv",
            [
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                AttuneProgram.Path,
                "sft",
                "--model",
                models.Policy,
                "--data",
                "data.jsonl",
                "--out",
                "/usr/attune-run",
            ]
        )
        {
            WorkingDirectory = "/",
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            // .NET unpacks and looks for its things in the home folder, which nobody lacks.
            Environment = { ["HOME"] = "/tmp", ["DOTNET_EnableDiagnostics"] = "0" },
        };
        using var nobody = Process.Start(start)!;
        var errors = nobody.StandardError.ReadToEnd();
        nobody.WaitForExit();
        Assert.SkipWhen(nobody.ExitCode is 126 or 127, "nobody may not run the program here");
        new Outcome(nobody.ExitCode, "", errors).Refused("/usr/attune-run", "denied");
    }

    [Fact]
    public void Two_processes_do_not_share_a_run_folder()
    {
        WriteData();
        using var first = AttuneProgram.Start(_folder.Path, SftArguments(["--epochs", "10000"]));
        Assert.True(first.WaitUntil(() => File.Exists(_folder.File("run/.lock"))), first.Errors);
        Sft("--resume", "--epochs", "10000").Refused("run is in use");
        first.Kill();
        Assert.True(File.Exists(_folder.File("run/recipe.yaml")));

        // The lock ended with its process.
        using var second = AttuneProgram.Start(_folder.Path, SftArguments(["--epochs", "10000", "--resume"]));
        Assert.True(
            second.WaitUntil(() =>
                File.Exists(_folder.File("run/events.jsonl")) && new FileInfo(_folder.File("run/events.jsonl")).Length > 0
            ),
            second.Errors
        );
    }

    private void WriteData() =>
        _folder.WriteText(
            "data.jsonl",
            string.Concat(Enumerable.Range(0, 24).Select(i => $$"""{"prompt": "The film {{i}}", "completion": " was slow."}""" + "\n"))
        );

    private string[] SftArguments(string[] options) =>
        ["sft", "--model", models.Policy, "--data", "data.jsonl", "--out", "run", "--batch-size", "8", .. options];

    private Outcome Sft(params string[] options) => AttuneProgram.Run(_folder.Path, SftArguments(options));
}
