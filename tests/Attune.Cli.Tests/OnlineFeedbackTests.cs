using System.Text.Json.Nodes;
using Attune.Feedback;
using Attune.Feedback.Labels;
using Attune.Feedback.Queue;
using Attune.Feedback.Storage;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>Questions about the policy's own answers, asked while it learns.</summary>
public sealed class OnlineFeedbackTests : IDisposable
{
    private const string Recipe = """
        name: online
        seed: 5
        stages:
          - tokenizer: {data: reviews:documents, rows: 200, vocabulary: 320}
          - pretrain: {data: reviews:documents, rows: 40, layers: 1, width: 16, heads: 2, context_length: 64, max_length: 64, batch_size: 8, evaluate_every: 0}
          - online:
              labels: 24
              initial_labels: 12
              refreshes: 2
              schedule: constant
              selection: disagreement
              normalisation_samples: 8
              reward: {members: 2, batch_size: 4, learning_rate: 1e-3, max_length: 64, test_split: 0.2}
              policy:
                rloo: {prompts: reviews:prompts, rows: 20, held_out_prompts: reviews:held-out-prompts, total_episodes: 96, rollout_batch_size: 16, batch_size: 8, num_generations: 4, max_new_tokens: 8, evaluation_prompts: 4, evaluate_every: 3, learning_rate: 1e-3, checkpoint_every: 2}
        """;

    private readonly TemporaryFolder _folder = new();

    public OnlineFeedbackTests() => _folder.WriteText("recipe.yaml", Recipe);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Labels_come_from_later_and_later_policies_and_the_run_says_so()
    {
        AttuneProgram.Run(_folder.Path, Arguments("run")).Succeeded();
        var refreshes = Events("run").Where(e => e["metrics"]!["online/labels"] is not null).ToArray();
        Assert.Equal(3, refreshes.Length);
        Assert.Equal([1, 3, 5], refreshes.Select(e => (int)e["round"]!)); // told when the round is over
        Assert.Equal(0, (double)refreshes[0]["metrics"]!["online/label_age"]!);
        Assert.True((double)refreshes[2]["metrics"]!["online/stale_labels"]! > 0.4);
        Assert.NotNull(refreshes[1]["metrics"]!["online/accuracy_on_new"]);
        var figures = JsonNode.Parse(File.ReadAllText(_folder.File("run/online/stage.json")))!["metrics"]!;
        var sources = figures
            .AsObject()
            .Where(f => f.Key.StartsWith("labels_from_update/", StringComparison.Ordinal))
            .ToDictionary(f => f.Key, f => (double)f.Value!);
        Assert.Equal(["labels_from_update/0", "labels_from_update/4", "labels_from_update/8"], sources.Keys.Order());
        Assert.Equal((double)figures["labels"]!, sources.Values.Sum());
        Assert.Equal((double)figures["labels"]!, File.ReadLines(_folder.File("run/online/preferences.jsonl")).Count());
    }

    [Fact]
    public void Killed_between_rounds_while_learning_and_while_asking_it_becomes_the_uninterrupted_run()
    {
        AttuneProgram.Run(_folder.Path, Arguments("whole")).Succeeded();
        var folder = _folder.File("run/online");
        Func<bool>[] moments =
        [
            () => File.Exists(Path.Combine(folder, "questions.jsonl")),
            () => Directory.Exists(Path.Combine(folder, "reward-1")),
            () => Directory.Exists(Path.Combine(folder, "checkpoint-4")),
            () => Directory.Exists(Path.Combine(folder, "reward-2")),
            () => Directory.Exists(Path.Combine(folder, "reward-3")),
        ];
        foreach (var moment in moments)
        {
            string[] resume = File.Exists(_folder.File("run/recipe.yaml")) ? ["--resume"] : [];
            using var program = AttuneProgram.Start(_folder.Path, [.. Arguments("run"), .. resume]);
            if (program.WaitUntil(moment))
            {
                program.Kill();
            }
        }

        AttuneProgram.Run(_folder.Path, [.. Arguments("run"), "--resume"]).Succeeded();
        RunFingerprint.AssertSame(_folder.File("whole"), _folder.File("run"));
    }

    [Fact]
    public void Who_is_killed_while_a_person_is_asked_asks_the_same_questions_again()
    {
        string[] arguments =
        [
            .. Arguments("run"),
            "--set",
            "online.source=person",
            "--set",
            "online.initial_labels=4",
            "--set",
            "online.labels=4",
            "--set",
            "online.reward.test_split=0",
        ];
        string asked;
        using (var program = AttuneProgram.Start(_folder.Path, arguments))
        {
            program.Input.Write("1\n2\n");
            program.Input.Flush();
            var journal = _folder.File("run/online/replies.jsonl");
            Assert.True(program.WaitUntil(() => File.Exists(journal) && File.ReadAllText(journal).Split('\n').Length > 2), program.Errors);
            asked = File.ReadAllText(_folder.File("run/online/questions.jsonl"));
            program.Kill();
        }

        // As if the machine had stopped in the middle of the third reply.
        File.AppendAllText(_folder.File("run/online/replies.jsonl"), "{\"id\":\"onl");
        var resumed = AttuneProgram.RunWithInput(_folder.Path, "s\n1\n", [.. arguments, "--resume"]).Succeeded();
        Assert.Contains("Comparison 2 of 2", resumed.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Comparison 3", resumed.Errors, StringComparison.Ordinal);
        Assert.Equal(asked, File.ReadAllText(_folder.File("run/online/questions.jsonl")));
        Assert.Equal(3, File.ReadLines(_folder.File("run/online/preferences.jsonl")).Count());
    }

    [Fact]
    public void When_no_answer_comes_in_time_the_run_stops_with_its_questions_kept_and_can_go_on()
    {
        string[] arguments =
        [
            .. Arguments("run"),
            "--set",
            "online.source=person",
            "--set",
            "online.initial_labels=3",
            "--set",
            "online.labels=3",
            "--set",
            "online.answer_timeout=2",
            "--set",
            "online.reward.test_split=0",
        ];
        using (var program = AttuneProgram.Start(_folder.Path, arguments))
        {
            program.WaitForEnd().Refused("none of 3 questions was answered", "run again with --resume");
        }

        var asked = File.ReadAllText(_folder.File("run/online/questions.jsonl"));
        using (var program = AttuneProgram.Start(_folder.Path, [.. arguments, "--resume"]))
        {
            program.Input.Write("2\n");
            program.Input.Flush();
            var ended = program.WaitForEnd().Succeeded();
            Assert.Contains(
                "1 of 3 questions were answered within 2 s; the run goes on without the others",
                ended.Errors,
                StringComparison.Ordinal
            );
        }

        Assert.Equal(asked, File.ReadAllText(_folder.File("run/online/questions.jsonl")));
        Assert.Single(File.ReadLines(_folder.File("run/online/preferences.jsonl")));
    }

    [Fact]
    public async Task People_in_the_annotation_app_are_asked_and_the_models_name_them()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var store = await FeedbackStore.OpenAsync(
            new StoreOptions(_folder.File("people.db")) { PasswordRounds = 1000 },
            cancel
        );
        var anna = await store.People.AddAsync(null, "anna", MemberRole.Annotator, cancel);
        var project = await store.Projects.CreateAsync(anna.Id, "asked", ProjectKind.Comparison, new ProjectSettings(), "", cancel);
        await store.People.SetMemberAsync(anna.Id, project.Id, anna.Id, MemberRole.Annotator, cancel);
        string[] arguments =
        [
            .. Arguments("run"),
            "--set",
            "online.source=store",
            "--set",
            "online.database=people.db",
            "--set",
            "online.project=asked",
            "--set",
            "online.poll=0.2",
            "--set",
            "online.initial_labels=6",
            "--set",
            "online.labels=9",
            "--set",
            "online.refreshes=1",
            "--set",
            "online.selection=random",
        ];
        using (var killed = AttuneProgram.Start(_folder.Path, arguments))
        {
            Assert.True(killed.WaitUntil(() => LabelAsync(store, project.Id, anna.Id).GetAwaiter().GetResult()), killed.Errors);
            killed.Kill();
        }

        // One answer comes while nobody waits for it.
        Assert.True(await LabelAsync(store, project.Id, anna.Id));
        using (var program = AttuneProgram.Start(_folder.Path, [.. arguments, "--resume"]))
        {
            program.WaitUntil(() => LabelAsync(store, project.Id, anna.Id).GetAwaiter().GetResult() && false);
            program.WaitForEnd().Succeeded();
        }

        var labels = File.ReadLines(_folder.File("run/online/snapshot/train.jsonl")).Count();
        Assert.Equal(labels, (await store.Projects.ProgressAsync(project.Id, cancel)).Done);
        Assert.InRange(labels, 6, 9);
        AttuneProgram
            .Run(_folder.Path, "model", "info", "run/final")
            .Succeeded($"learned from {labels} labels of 1 people", "project 'asked'", "through stage online");
        Assert.Contains(
            "<a href=\"online/snapshot/manifest.json\">snapshot ",
            await File.ReadAllTextAsync(_folder.File("run/report.html"), cancel),
            StringComparison.Ordinal
        );
        string[] misspelt = [.. arguments.Select(a => a == "online.project=asked" ? "online.project=aksed" : a)];
        misspelt[3] = "other";
        var refused = AttuneProgram.Run(_folder.Path, misspelt);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("Did you mean 'asked'?", refused.Errors, StringComparison.Ordinal);
    }

    /// <summary>Anna labels what she is asked; false where there is nothing to do now.</summary>
    private static async Task<bool> LabelAsync(FeedbackStore store, Guid project, Guid person)
    {
        if (
            await store.Queue.ClaimAsync(project, person, TestContext.Current.CancellationToken)
            is not ClaimResult.Claimed { Task: var task }
        )
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
            return false;
        }

        var submission = new Submission(
            Guid.CreateVersion7(),
            task.LeaseId,
            ComparisonJudgement.OfStrength(task.Candidates[0].Text.Length > task.Candidates[1].Text.Length ? 2 : 7)
        );
        return await store.Queue.SubmitAsync(person, submission, TestContext.Current.CancellationToken) is SubmitResult.Accepted;
    }

    private static string[] Arguments(string target) => ["run", "recipe.yaml", "--out", target];

    private JsonNode[] Events(string run) => [.. File.ReadLines(_folder.File($"{run}/events.jsonl")).Select(l => JsonNode.Parse(l)!)];
}
