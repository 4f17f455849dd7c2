using Attune.Core;
using Attune.Testing;
using Attune.Training.Rewards;
using static Attune.Training.Tests.Rewards.RewardSamples;

namespace Attune.Training.Tests.Rewards;

/// <summary>With real programs, written for the shell.</summary>
public sealed class CommandTermTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public CommandTermTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "the programs are shell scripts");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_program_reads_prompt_answer_and_columns_and_gives_a_number_for_each()
    {
        // Copies its input beside it, and gives each answer the number in its column.
        var seen = _folder.File("seen");
        var term = Script($"tee -a {seen} | sed 's/.*\"n\":\\([0-9]*\\).*/\\1/'") with { BatchSize = 2 };
        var totals = await term.TotalsAsync(
            Rollout("a \"quoted\"\nline é", """{"n": 1}"""),
            Rollout("b", """{"n": 20}""", ended: false),
            Rollout("c", """{"n": 3}""")
        );
        Assert.Equal([1, 20, 3], totals);
        Assert.Equal(
            [
                """{"prompt":"the","answer":"a \"quoted\"\nline é","ended":true,"columns":{"n":1}}""",
                """{"prompt":"the","answer":"b","ended":false,"columns":{"n":20}}""",
                """{"prompt":"the","answer":"c","ended":true,"columns":{"n":3}}""",
            ],
            File.ReadLines(seen)
        );
    }

    [Fact]
    public async Task Objects_give_one_number_or_named_ones_and_null_gives_nothing()
    {
        var term = Script("""cat > /dev/null; echo '{"reward": 2}'; echo '{"right": 1, "style": -0.25}'; echo null""");
        var scores = await term.Build(Context)
            .ScoreAsync([Rollout("a"), Rollout("b"), Rollout("c")], TestContext.Current.CancellationToken);
        Assert.Equal([2, 0.75, 0], scores.Select(s => s.Total));
        Assert.Equal([new("command.right", 1, 1), new("command.style", -0.25, 1)], scores[1].Parts);
        Assert.Empty(scores[2].TokenRewards);
    }

    [Theory]
    [InlineData("exit 3", "sh ended with exit code 3.")]
    [InlineData("echo trouble >&2; exit 1", "sh ended with exit code 1: trouble.")]
    [InlineData("echo 1", "sh wrote 1 lines for 2 answers; expected one for each.")]
    [InlineData("echo 1; echo one", "sh wrote no JSON in line 2; expected a number or an object.")]
    [InlineData("sleep 60", "sh took longer than 0.5 s (timeout) for 2 answers.")]
    [InlineData("echo 1; echo true", "answered with true; expected a number")]
    [InlineData("""echo 1; echo '{"reward": 1, "more": 2}'""", "answered with the fields reward, more; expected")]
    [InlineData("""echo 1; echo '{"right": "yes"}'""", "answered with a text for \"right\"; expected")]
    public async Task A_program_that_fails_stops_the_run_unless_told_otherwise(string script, string problem)
    {
        var term = Script(script) with { Timeout = 0.5 };
        var failure = await Assert.ThrowsAsync<AttuneException>(() => term.TotalsAsync(Rollout("a"), Rollout("b")));
        Assert.StartsWith($"the command {problem}", failure.Message, StringComparison.Ordinal);
        foreach (var onError in new[] { RewardErrors.Zero, RewardErrors.Skip })
        {
            var reward = (term with { OnError = onError }).Build(Context);
            var scores = await reward.ScoreAsync([Rollout("a"), Rollout("b")], TestContext.Current.CancellationToken);
            Assert.Equal(0, scores[1].Total);
            Assert.Equal(onError == RewardErrors.Skip, scores[1].TokenRewards.IsEmpty);
            Assert.Contains(problem, Assert.Single(reward.Notes), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_a_mistake_in_the_recipe_whatever_the_policy()
    {
        var term = new CommandTerm { Command = ["no-such-program"], OnError = RewardErrors.Zero };
        var problem = await Assert.ThrowsAsync<ConfigurationException>(() => term.TotalsAsync(Rollout("a")));
        Assert.StartsWith("reward.command: no-such-program cannot be started", problem.Message, StringComparison.Ordinal);
    }

    private static CommandTerm Script(string script) => new() { Command = ["sh", "-c", script] };
}
