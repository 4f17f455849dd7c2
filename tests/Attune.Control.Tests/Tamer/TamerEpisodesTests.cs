using System.Text.Json;
using Attune.Control.Environments;
using Attune.Control.Tamer;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Testing;

namespace Attune.Control.Tests.Tamer;

public sealed class TamerEpisodesTests
{
    [Fact]
    public void An_agent_that_learns_from_the_labels_is_the_one_that_learned_live()
    {
        List<TamerEvent> events = [];
        var live = Agent();
        var seed = new Seed(8);
        var trainer = new SimulatedTrainer(new SimulatedTrainerOptions(), SimulatedTrainer.SwingsUp, seed);
        var session = new TamerSession(new MountainCar(stepLimit: 200), live, trainer, seed) { Log = events.Add };
        session.Episode();
        session.Episode();
        var labels = TamerEpisodes.Of(events);
        Assert.Equal(["MountainCar-v0, episode 0", "MountainCar-v0, episode 1"], labels.Select(l => l.Prompt.Key));
        Assert.Equal(events.OfType<FeedbackGiven>().Count(), labels.Sum(l => l.Rewards.Length));
        using var folder = new TemporaryFolder();
        var rows = labels.Select(l =>
            JsonSerializer.Serialize(new { episode = l.Episode, rewards = l.Rewards }, JsonSerializerOptions.Web)
        );
        var file = folder.WriteText("train.jsonl", string.Join('\n', rows));
        var again = Agent();
        foreach (var happened in TamerLog.Read(file, new MountainCar()))
        {
            again.Apply(happened);
        }

        Assert.Contains(live.Model.Weights(), w => w != 0);
        Assert.Equal(live.Model.Weights(), again.Model.Weights());
    }

    [Fact]
    public void Feedback_after_the_end_is_of_that_episode_and_what_was_taken_back_of_none()
    {
        TamerEvent[] events =
        [
            new EpisodeBegan(0, "MountainCar-v0"),
            new StepBegan(1, [0, 0], 2) { Number = 1 },
            new FeedbackGiven(1.1, -1, 0) { Number = 2 },
            new FeedbackUndone(1.2) { Number = 3 },
            new EpisodeEnded(1.3) { Number = 4 },
            new FeedbackGiven(1.4, 1, 1) { Number = 5 },
            new EpisodeBegan(1, "MountainCar-v0"),
            new StepBegan(2, [0, 0], 1),
        ];
        var labels = TamerEpisodes.Of(events);
        Assert.Equal([new TimedReward(1.4, 1, 1)], labels[0].Rewards);
        Assert.Empty(labels[1].Rewards);
        Assert.Equal(
            ["EpisodeBegan", "StepBegan", "EpisodeEnded", "FeedbackGiven"],
            TamerEpisodes.Events(labels[0], "x").Select(e => e.GetType().Name)
        );
    }

    [Theory]
    [InlineData(
        "{\"episode\": \"{\\\"event\\\":\\\"episode\\\",\\\"number\\\":0}\", \"rewards\": 3}",
        "line 1: not an episode with rewards"
    )]
    [InlineData("{\"episode\": \"walk\", \"rewards\": []}", "line 1, episode, line 1: not an event")]
    [InlineData("{\"episode\": \"{\\\"event\\\":\\\"end\\\",\\\"time\\\":0}\", \"rewards\": []}", "has no beginning")]
    public void A_row_that_is_no_episode_is_named(string row, string message)
    {
        using var folder = new TemporaryFolder();
        var file = folder.WriteText("train.jsonl", row);
        var error = Assert.Throws<DataException>(() => TamerLog.Read(file, new MountainCar()).ToArray());
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private static TamerAgent Agent() => new(new RadialModel((BoxSpace)new MountainCar().Observations, 3), CreditAssignment.Uniform());
}
