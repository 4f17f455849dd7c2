using Attune.Core.Feedback;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>Labels on their way from a file through the store into a model, and back to the people behind it.</summary>
public sealed class FeedbackTests(TinyModel models) : IClassFixture<TinyModel>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private Outcome Run(params string[] arguments) => AttuneProgram.Run(_folder.Path, arguments);

    private void Import() =>
        _folder.WriteText(
            "pairs.jsonl",
            string.Concat(
                Enumerable
                    .Range(0, 12)
                    .Select(i =>
                        $$"""{"prompt": "Film {{i}}", "chosen": " is good", "rejected": " is bad", "annotator": "w{{i % 3}}"}""" + "\n"
                    )
            )
        );

    [Fact]
    public void A_model_names_the_labels_and_the_people_behind_it()
    {
        Import();
        Run("feedback", "import", "pairs.jsonl", "--database", "f.db", "--project", "films")
            .Succeeded("12 items and 12 labels added to 'films'");
        Run("feedback", "snapshot", "--database", "f.db", "--project", "films", "--out", "s")
            .Succeeded("12 labels from 3 people on 12 prompts");
        string[] tiny = ["--epochs", "1", "--batch-size", "4", "--normalisation-samples", "0", "--members", "1"];
        Run(["reward", "--model", models.Policy, "--data", "s/train.jsonl", "--held-out-data", "s/held-out.jsonl", "--out", "r", .. tiny])
            .Succeeded();
        Assert.Contains("learned from 12 labels of 3 people", Run("model", "info", "r/final").Output, StringComparison.Ordinal);
        AssertLink("r", "../s/manifest.json");

        _folder.WriteText("films.jsonl", """{"prompt": "Film 1", "completion": " is good"}""" + "\n");
        File.WriteAllText(
            _folder.File("recipe.yaml"),
            $$"""
            name: from-people
            model: {{models.Policy}}
            stages:
              - preferences: { source: store, database: f.db, project: films, test_split: 0.2 }
              - sft: { data: films.jsonl, epochs: 1, batch_size: 1, test_split: 0 }
              - reward: { epochs: 1, batch_size: 4, normalisation_samples: 0, members: 1 }
            """
        );
        Run("run", "recipe.yaml", "--out", "p").Succeeded();
        Assert.Contains("learned from 12 labels of 3 people", Run("model", "info", "p/reward/final").Output, StringComparison.Ordinal);
        AssertLink("p", "preferences/snapshot/manifest.json");
        // It came after the labels, but learned from none.
        Assert.DoesNotContain("labels", Run("model", "info", "p/sft/final").Succeeded().Output, StringComparison.Ordinal);

        // Measured with a reward model that learned from them, but taught by others.
        Run(
                "dpo",
                "--model",
                models.Policy,
                "--data",
                "pairs.jsonl",
                "--reward-model",
                "r/final",
                "--epochs",
                "1",
                "--batch-size",
                "4",
                "--test-split",
                "0.2",
                "--out",
                "d"
            )
            .Succeeded();
        Assert.DoesNotContain("labels", Run("model", "info", "d/final").Succeeded().Output, StringComparison.Ordinal);

        Run("feedback", "erase", "--database", "f.db", "--person", "w1")
            .Succeeded("4 revisions would be erased", "r/final", "p/reward/final");
        Run("feedback", "erase", "--database", "f.db", "--person", "w1", "--yes").Succeeded("4 revisions erased");
        Run("feedback", "verify", "--database", "f.db", "--snapshot", "s").Succeeded("intact");
    }

    /// <summary>The report links the manifest that is really there, and names the labels and the people.</summary>
    private void AssertLink(string run, string link)
    {
        var report = File.ReadAllText(_folder.File(run + "/report.html"));
        var manifest = SnapshotManifest.Read(Path.GetDirectoryName(Path.GetFullPath(Path.Combine(_folder.File(run), link)))!);
        Assert.Contains(
            $"<a href=\"{link}\">snapshot {manifest.Sha256[..12]}</a>: 12 labels of 3 people: ",
            report,
            StringComparison.Ordinal
        );
        Assert.All(manifest.Annotators, a => Assert.Contains($"{a.Name} (4 labels)", report, StringComparison.Ordinal));
    }

    [Fact]
    public void A_snapshot_changed_by_hand_is_refused_before_training()
    {
        Import();
        Run("feedback", "import", "pairs.jsonl", "--database", "f.db", "--project", "films").Succeeded();
        Run("feedback", "snapshot", "--database", "f.db", "--project", "films", "--out", "s").Succeeded();
        File.SetAttributes(_folder.File("s/train.jsonl"), FileAttributes.Normal);
        File.AppendAllText(_folder.File("s/train.jsonl"), """{"prompt": "Film 1", "chosen": " is bad", "rejected": " is good"}""" + "\n");
        Run("reward", "--model", models.Policy, "--data", "s/train.jsonl", "--out", "r").Refused("was changed after the snapshot was made");
    }

    [Fact]
    public void A_backup_is_restored_into_a_new_store_that_says_the_same()
    {
        Import();
        Run("feedback", "import", "pairs.jsonl", "--database", "f.db", "--project", "films").Succeeded();
        Run("feedback", "backup", "--database", "f.db", "--out", "b.jsonl.gz").Succeeded();
        Run("feedback", "restore", "--from", "b.jsonl.gz", "--database", "new.db").Succeeded();
        Run("feedback", "verify", "--database", "new.db").Succeeded("intact");
        foreach (var database in new[] { "f.db", "new.db" })
        {
            Run("feedback", "export", "--database", database, "--project", "films", "--format", "trl", "--out", database + ".jsonl")
                .Succeeded();
        }

        Assert.Equal(File.ReadAllText(_folder.File("f.db.jsonl")), File.ReadAllText(_folder.File("new.db.jsonl")));
        Run("feedback", "restore", "--from", "b.jsonl.gz", "--database", "new.db").Refused("is not empty; restore into a new database");
        Run("feedback", "restore", "--from", "nowhere.gz", "--database", "other.db").Refused("nowhere.gz: no such file");
    }

    [Fact]
    public void A_store_that_is_not_there_and_a_project_misspelt()
    {
        Run("feedback", "verify", "--database", "nowhere.db").Refused("nowhere.db: no such database");
        Import();
        Run("feedback", "import", "pairs.jsonl", "--database", "f.db", "--project", "films").Succeeded();
        Run("feedback", "export", "--database", "f.db", "--project", "filns", "--format", "trl", "--out", "x.jsonl")
            .Refused("Did you mean 'films'?");
        Run("feedback", "export", "--database", "f.db", "--project", "films", "--format", "prm800k", "--out", "x.jsonl")
            .Refused("cannot hold labels of kind Comparison");
    }
}
