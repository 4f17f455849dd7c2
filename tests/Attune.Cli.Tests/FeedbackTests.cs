using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>Labels on their way from a file through the store into a model, and back to the people behind it.</summary>
public sealed class FeedbackTests(TinyModel models) : IClassFixture<TinyModel>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private Outcome Run(params string[] arguments) => AttuneProgram.Run(_folder.Path, arguments);

    private void Import() =>
        _folder.WriteText("pairs.jsonl", string.Concat(Enumerable.Range(0, 12).Select(i => $$"""{"prompt": "Film {{i}}", "chosen": " is good", "rejected": " is bad", "annotator": "w{{i % 3}}"}""" + "\n")));

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
    public void A_store_that_is_not_there_and_a_project_misspelt()
    {
        Run("feedback", "verify", "--database", "nowhere.db").Refused("nowhere.db: no such database");
        Import();
        Run("feedback", "import", "pairs.jsonl", "--database", "f.db", "--project", "films").Succeeded();
        Run("feedback", "export", "--database", "f.db", "--project", "filns", "--format", "trl", "--out", "x.jsonl").Refused("Did you mean 'films'?");
        Run("feedback", "export", "--database", "f.db", "--project", "films", "--format", "prm800k", "--out", "x.jsonl").Refused("cannot hold labels of kind Comparison");
    }
}
