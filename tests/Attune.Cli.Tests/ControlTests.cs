using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>Agents by the commands: runs small enough to say nothing but that all parts work together.</summary>
public sealed partial class ControlTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Ppo_trains_two_seeds_and_an_agent_is_watched()
    {
        Run("control", "ppo", "CartPole-v1", "--steps", "512", "--seeds", "2", "--test-episodes", "2", "--out", "r").Succeeded();
        using var result = Result("r");
        Assert.Equal(2, result.RootElement.GetProperty("seeds").GetArrayLength());
        Assert.Equal(2, result.RootElement.GetProperty("seeds")[0].GetProperty("curve").GetArrayLength());
        Assert.True(File.Exists(_folder.File("r/report.html")));
        Run("control", "ppo", "CartPole-v1", "--out", "r").Refused("r holds a run already");
        Run("control", "ppo", "CartPole-v1", "--steps", "1024", "--seeds", "2", "--test-episodes", "2", "--out", "r", "--resume")
            .Refused("can only be resumed unchanged");
        Run("control", "watch", "r/seed-0/agent.json", "--episodes", "2", "--out", "w.html").Succeeded();
        Assert.Equal(2, File.ReadAllText(_folder.File("w.html")).Split("data-episode=").Length - 1);
        Run("control", "tamer", "Acrobot-v1", "--trainer", "r/seed-0/agent.json", "--model", "network", "--out", "a")
            .Refused("was trained in CartPole-v1; expected an agent of Acrobot-v1");
    }

    [Fact]
    public void Figures_are_written_for_other_tools_too_with_the_steps_of_the_environment()
    {
        string[] train = ["control", "ppo", "CartPole-v1", "--steps", "512", "--test-episodes", "1", "--out", "t"];
        Run([.. train, "--tracking", "tensorbord"]).Refused("tensorbord");
        Run([.. train, "--tracking", "tensorboard,csv,trackio"]).Succeeded();
        var rounds = File.ReadAllLines(_folder.File("t/seed-0/rounds.jsonl")).Select(l => JsonDocument.Parse(l).RootElement).ToArray();
        var table = File.ReadAllLines(_folder.File("t/seed-0/metrics.csv"));
        Assert.Equal(rounds.Length + 1, table.Length);
        Assert.Contains("episode/return", table[0].Split(','));
        Assert.Equal(
            rounds.Select(r => r.GetProperty("Steps").GetInt64().ToString(CultureInfo.InvariantCulture)),
            table[1..].Select(l => l.Split(',')[0])
        );
        Assert.True(File.Exists(_folder.File("t/seed-0/trackio/control.db")));
        Assert.True(new FileInfo(Assert.Single(Directory.GetFiles(_folder.File("t/seed-0"), "events.out.tfevents.*"))).Length > 100);
    }

    [Fact]
    public void Rewards_are_learned_from_labels_and_the_result_says_how_many()
    {
        Run("control", "preferences", "Pendulum-v1", "--steps", "8192", "--questions", "5", "--test-episodes", "1", "--json", "--out", "p")
            .Succeeded();
        using var result = Result("p");
        var last = result.RootElement.GetProperty("seeds")[0].GetProperty("curve").EnumerateArray().Last();
        Assert.Equal(5, last.GetProperty("labels").GetDouble());
        Assert.InRange(last.GetProperty("correlation").GetDouble(), -1, 1);
    }

    [Fact]
    public void Tamer_learns_from_a_trainer_and_the_same_from_its_log()
    {
        string[] shared = ["control", "tamer", "MountainCar-v0", "--test-episodes", "3"];
        Run([.. shared, "--episodes", "2", "--out", "t"]).Succeeded();
        Run([.. shared, "--log", "t/seed-0/log.jsonl", "--out", "again"]).Succeeded();
        using var live = Result("t");
        using var logged = Result("again");
        Assert.Equal(Returns(live), Returns(logged));
        Run("control", "tamer", "CartPole-v1", "--model", "network", "--log", "t/seed-0/log.jsonl", "--out", "x")
            .Refused("is a log of MountainCar-v0; expected one of CartPole-v1");
        Kept_as_labels(shared, live);
    }

    /// <summary>Log, store, snapshot, agent: the same one.</summary>
    private void Kept_as_labels(string[] shared, JsonDocument live)
    {
        Run([.. shared, "--log", "t/seed-0/log.jsonl", "--project", "praise", "--as", "anna", "--out", "kept"]).Succeeded();
        Run("feedback", "snapshot", "--project", "praise", "--held-out", "0", "--out", "snapshot").Succeeded();
        Run([.. shared, "--log", "snapshot/train.jsonl", "--out", "from"]).Succeeded();
        using var learned = Result("from");
        Assert.Equal(Returns(live), Returns(learned));
        Run("feedback", "export", "--project", "praise", "--format", "trl", "--out", "e.jsonl").Refused("formats that can: tamer");
    }

    [Fact]
    public void A_folder_that_was_there_before_a_run_that_could_not_begin_is_there_after_it()
    {
        Directory.CreateDirectory(_folder.File("empty"));
        string[] wrong = ["control", "preferences", "Pendulum-v1", "--clip-steps", "300", "--steps", "8192", "--out"];
        Run([.. wrong, "empty"]).Refused("a clip has 300 steps, but an episode of Pendulum-v1 at most 200");
        Run([.. wrong, "new"]).Refused("a clip has 300 steps, but an episode of Pendulum-v1 at most 200");
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.File("empty")));
        Assert.False(Directory.Exists(_folder.File("new")));
    }

    /// <summary>
    /// Two steps and a praise; then the server is killed, and what was acknowledged is there, in the log and in the agent.
    /// </summary>
    [Fact]
    public async Task A_person_teaches_and_a_kill_loses_nothing()
    {
        string[] command = ["control", "tamer", "MountainCar-v0", "--person", "--port", "0", "--out", "p"];
        using (var first = AttuneProgram.Start(_folder.Path, command))
        {
            var reply = await PostAsync(first, "[]");
            Assert.Equal(0, reply.GetProperty("frame").GetProperty("id").GetInt32());
            reply = await PostAsync(first, Shown(1, 0, 1.0) + Shown(2, 1, 1.15) + Event(3, "feedback", 1.6, 1, 1));
            Assert.Equal((3, 2), (reply.GetProperty("taken").GetInt32(), reply.GetProperty("frame").GetProperty("id").GetInt32()));
            first.Kill();
        }

        using var second = AttuneProgram.Start(_folder.Path, [.. command, "--resume"]);
        var again = await PostAsync(second, Event(3, "feedback", 1.6, 1, 1)); // sent twice, taken once
        Assert.Equal((3, 1), (again.GetProperty("taken").GetInt32(), again.GetProperty("feedback").GetInt32()));
        var frame = again.GetProperty("frame");
        Assert.Equal(2, frame.GetProperty("id").GetInt32());
        Assert.Contains(frame.GetProperty("predicted").EnumerateArray(), h => h.GetDouble() > 0);
        again = await PostAsync(second, Event(4, "undo", 1.7, 1, 0));
        Assert.Equal(0, again.GetProperty("feedback").GetInt32());
        var log = File.ReadAllLines(_folder.File("p/seed-0/log.jsonl"));
        Assert.Equal(
            ["episode", "step", "step", "feedback", "undo"],
            log.Select(l => JsonDocument.Parse(l).RootElement.GetProperty("event").GetString())
        );
        second.Interrupt();
        Assert.Equal(130, second.WaitForEnd().ExitCode);
    }

    private static string Shown(int number, int frame, double time) => Event(number, "shown", time, frame, 0);

    private static string Event(int number, string kind, double time, int frame, double value) =>
        JsonSerializer.Serialize(
            new
            {
                number,
                kind,
                time,
                frame,
                value,
            }
        ) + "\n";

    private static async Task<JsonElement> PostAsync(AttuneProgram program, string events)
    {
        Assert.True(program.WaitUntil(() => Address().IsMatch(program.Errors)), program.Errors);
        using var client = new HttpClient { DefaultRequestHeaders = { { "X-Attune-Teaching", "1" } } };
        var body = events == "[]" ? events : $"[{string.Join(',', events.Split('\n', StringSplitOptions.RemoveEmptyEntries))}]";
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        var answer = await client.PostAsync(
            Address().Match(program.Errors).Value + "/events",
            content,
            TestContext.Current.CancellationToken
        );
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement.Clone();
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex Address();

    [Theory]
    [InlineData("no environment CartPole-v2. Did you mean 'CartPole-v1'?", "ppo", "CartPole-v2")]
    [InlineData("total_steps is 10, less than one round", "ppo", "CartPole-v1", "--steps", "10")]
    [InlineData("--seeds is 0; expected at least 1", "ppo", "CartPole-v1", "--seeds", "0")]
    [InlineData("mistakes is 2; expected 0 to 1", "preferences", "Pendulum-v1", "--mistakes", "2")]
    [InlineData("clip_steps is 0; expected at least 1", "preferences", "Pendulum-v1", "--clip-steps", "0")]
    [InlineData(
        "a clip has 300 steps, but an episode of Pendulum-v1 at most 200",
        "preferences",
        "Pendulum-v1",
        "--clip-steps",
        "300",
        "--steps",
        "8192"
    )]
    [InlineData("TAMER chooses among a few actions", "tamer", "Pendulum-v1")]
    [InlineData("no trainer knows what is good in Acrobot-v1", "tamer", "Acrobot-v1", "--model", "network")]
    [InlineData("absent.jsonl cannot be read", "tamer", "MountainCar-v0", "--log", "absent.jsonl")]
    [InlineData("absent.json is no agent", "watch", "absent.json")]
    public void Bad_input_is_one_message(string message, params string[] arguments) =>
        Run(["control", .. arguments, "--out", "o"]).Refused(message);

    private static string Returns(JsonDocument result) => result.RootElement.GetProperty("seeds")[0].GetProperty("returns").GetRawText();

    private JsonDocument Result(string run) => JsonDocument.Parse(File.ReadAllText(_folder.File(Path.Combine(run, "result.json"))));

    private Outcome Run(params string[] arguments) => AttuneProgram.Run(_folder.Path, arguments);
}
