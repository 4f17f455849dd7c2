using Attune.Core.Runs;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>One uninterrupted run of all stages, to compare interrupted ones with.</summary>
public sealed class WholeRun : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public WholeRun()
    {
        _folder.WriteText("recipe.yaml", Recipe);
        AttuneProgram.Run(_folder.Path, "run", "recipe.yaml", "--out", "whole").Succeeded();
    }

    public string Folder => _folder.File("whole");

    public long Events => File.ReadLines(Path.Combine(Folder, "events.jsonl")).Count();

    /// <summary>Every stage there is, an ensemble of two, and checkpoints between.</summary>
    public const string Recipe = """
        name: tiny
        seed: 3
        stages:
          - tokenizer: {data: reviews:documents, rows: 200, vocabulary: 320}
          - pretrain: {data: reviews:documents, rows: 120, layers: 2, width: 16, heads: 2, context_length: 128, max_length: 128, batch_size: 8, checkpoint_every: 3, evaluate_every: 4}
          - sft: {data: reviews:demonstrations, rows: 40, max_length: 128, batch_size: 8, learning_rate: 1e-3, checkpoint_every: 2}
          - preferences: {prompts: reviews:prompts, labels: 48, max_new_tokens: 12}
          - reward: {members: 2, batch_size: 8, learning_rate: 1e-3, max_length: 128, max_new_tokens: 12, normalisation_samples: 16, checkpoint_every: 3, evaluate_every: 2}
          - ppo: {prompts: reviews:prompts, rows: 50, held_out_prompts: reviews:held-out-prompts, total_episodes: 96, rollout_batch_size: 16, batch_size: 8, ppo_epochs: 2, max_new_tokens: 12, evaluation_prompts: 8, evaluate_every: 2, learning_rate: 1e-3, kl_controller: adaptive, checkpoint_every: 2, stop_on_gold_drop: 100}
          - dpo: {precompute_ref_log_probs: true, batch_size: 8, epochs: 2, learning_rate: 1e-3, max_length: 128, max_new_tokens: 12, evaluation_prompts: 8, evaluate_every: 2, checkpoint_every: 2}
        """;

    public void Dispose() => _folder.Dispose();
}

public sealed class ResumeTests(WholeRun whole) : IClassFixture<WholeRun>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_killed_at_many_moments_becomes_the_uninterrupted_run()
    {
        var kills = 0;
        foreach (var moment in Moments())
        {
            using var program = Start("run");
            if (!program.WaitUntil(moment))
            {
                program.WaitForEnd().Succeeded();
                continue;
            }

            program.Kill();
            kills++;
        }

        Start("run").WaitForEnd().Succeeded();
        Assert.True(kills >= 8, $"only {kills} moments were met");
        RunFingerprint.AssertSame(whole.Folder, Folder);

        // A finished run stays as it is.
        Start("run").WaitForEnd().Succeeded();
        RunFingerprint.AssertSame(whole.Folder, Folder);
    }

    [Fact]
    public void An_interrupted_run_says_how_to_go_on_and_becomes_the_uninterrupted_run_even_elsewhere()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a signal cannot be sent to another process there");
        using (var program = Start("run"))
        {
            Assert.True(program.WaitUntil(() => Lines("\"stage\":\"sft\"") > 0), program.Errors);
            program.Interrupt();
            var stopped = program.WaitForEnd();
            Assert.Equal(130, stopped.ExitCode);
            Assert.Contains("Stopping after this round, with a checkpoint", stopped.Errors, StringComparison.Ordinal);
            Assert.Contains("To continue: attune run run/recipe.yaml --out run --resume", stopped.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", stopped.Errors, StringComparison.Ordinal);
        }

        Assert.NotEmpty(Directory.GetDirectories(Path.Combine(Folder, "sft"), "checkpoint-*"));
        Directory.Move(Folder, _folder.File("moved"));
        AttuneProgram
            .Run(Path.GetTempPath(), "run", _folder.File("moved/recipe.yaml"), "--out", _folder.File("moved"), "--resume")
            .Succeeded();
        RunFingerprint.AssertSame(whole.Folder, _folder.File("moved"));
    }

    [Fact]
    public void An_interrupted_round_is_finished_however_long_it_takes()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a signal cannot be sent to another process there");
        // One update over all rows takes some seconds.
        _folder.WriteText(
            "recipe.yaml",
            """
            stages:
              - tokenizer: {data: reviews:documents, rows: 200, vocabulary: 320}
              - pretrain: {data: reviews:documents, rows: 450, layers: 4, width: 128, heads: 4, batch_size: 2000, packing: false, evaluate_every: 0, test_split: 0, epochs: 3, checkpoint_every: 1000}
            """
        );
        using var program = Start("run");
        // After the first update the second begins at once, and lasts as long on a busy machine as that is busy.
        Assert.True(program.WaitUntil(() => Lines("\"stage\":\"pretrain\"") > 0), program.Errors);
        Thread.Sleep(500);
        program.Interrupt();
        Assert.Equal(130, program.WaitForEnd().ExitCode);
        Assert.Equal(
            [Path.Combine(Folder, "pretrain", "checkpoint-2")],
            Directory.GetDirectories(Path.Combine(Folder, "pretrain"), "checkpoint-*")
        );
    }

    private string Folder => _folder.File("run");

    /// <summary>Seeded lengths of the log, and moments at which something is half done, in the order in which they come.</summary>
    private IEnumerable<Func<bool>> Moments()
    {
        var rng = new Seed(11).For("kills").Rng();
        Func<bool> Length(double from, double to)
        {
            var lines = (long)(whole.Events * (from + (to - from) * rng.NextInt(1000) / 1000.0));
            return () => Lines("") >= Math.Max(1, lines);
        }

        yield return () => Directory.Exists(Folder);
        yield return Length(0, 0.1);
        yield return Writing("pretrain");
        yield return Length(0.1, 0.3);
        yield return () => Lines("\"stage\":\"sft\"") >= 2;
        yield return Writing("sft");
        yield return () => Directory.Exists(Path.Combine(Folder, "preferences"));
        yield return Writing("reward/member-1");
        // The second member has begun, and has no checkpoint yet.
        yield return () =>
            Lines("\"stage\":\"reward\"") > 0
            && File.Exists(Path.Combine(Folder, "reward/member-2/log-position"))
            && Lines("") > PositionOf("reward/member-2");
        yield return Writing("ppo");
        yield return Length(0.75, 0.9);
        yield return Length(0.9, 1);
        yield return () => Directory.Exists(Path.Combine(Folder, "ppo/final"));
    }

    /// <summary>A checkpoint is being written.</summary>
    private Func<bool> Writing(string stage) => () => Directory.Exists(Path.Combine(Folder, stage, ".checkpoint-unfinished"));

    private long PositionOf(string place) =>
        long.TryParse(File.ReadAllText(Path.Combine(Folder, place, "log-position")), out var position) ? position : long.MaxValue;

    private int Lines(string word)
    {
        var path = Path.Combine(Folder, "events.jsonl");
        if (!File.Exists(path))
        {
            return 0;
        }

        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return reader.ReadToEnd().Split('\n')[..^1].Count(line => line.Contains(word, StringComparison.Ordinal));
    }

    private AttuneProgram Start(string target)
    {
        if (!File.Exists(_folder.File("recipe.yaml")))
        {
            _folder.WriteText("recipe.yaml", WholeRun.Recipe);
        }

        return AttuneProgram.Start(
            _folder.Path,
            [
                "run",
                "recipe.yaml",
                "--out",
                target,
                .. File.Exists(_folder.File(target + "/recipe.yaml")) ? ["--resume"] : Array.Empty<string>(),
            ]
        );
    }
}
