using Attune.Control.Environments;
using Attune.Control.Tamer;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Testing;

namespace Attune.Control.Tests.Tamer;

public sealed class TamerAgentTests
{
    private static readonly float[] Somewhere = [-0.5f, 0.01f];

    [Fact]
    public void Praise_makes_an_action_the_chosen_one_and_scolding_unmakes_it()
    {
        var agent = Agent();
        Tell(agent, 1, praise: 1);
        Assert.All(Enumerable.Range(0, 50), i => Assert.Equal(1, agent.Choose(Somewhere, new Seed((ulong)i).Rng())));
        Tell(agent, 1, praise: -1);
        Tell(agent, 1, praise: -1);
        Assert.All(Enumerable.Range(0, 50), i => Assert.NotEqual(1, agent.Choose(Somewhere, new Seed((ulong)i).Rng())));
    }

    [Fact]
    public void An_untaught_agent_chooses_by_chance()
    {
        var agent = Agent();
        var chosen = Enumerable.Range(0, 3000).Select(i => agent.Choose(Somewhere, new Seed((ulong)i).Rng())).ToArray();
        Assert.All(Enumerable.Range(0, 3), action => Assert.InRange(chosen.Count(c => c == action), 880, 1120));
    }

    [Fact]
    public void Feedback_that_meets_no_step_is_counted()
    {
        var agent = Agent();
        agent.Apply(new FeedbackGiven(1, 1));
        agent.Apply(new EpisodeBegan(0));
        agent.Apply(new StepBegan(2, Somewhere, 0));
        agent.Apply(new EpisodeEnded(2.15));
        agent.Apply(new FeedbackGiven(3.5, 1)); // 1.35 s after the step: longer than a person takes
        Assert.Equal(2, agent.Unused);
        Assert.All(agent.Model.Weights(), w => Assert.Equal(0, w));
    }

    [Fact]
    public void What_does_not_fit_the_model_or_the_clock_is_refused()
    {
        var agent = Agent();
        agent.Apply(new StepBegan(2, Somewhere, 0));
        Assert.Throws<DataException>(() => agent.Apply(new StepBegan(3, Somewhere, 3)));
        Assert.Throws<DataException>(() => agent.Apply(new StepBegan(1, Somewhere, 0)));
    }

    [Theory]
    [InlineData("{\"event\":\"step\",\"time\":1}")]
    [InlineData("{\"event\":\"dance\"}")]
    [InlineData("null")]
    [InlineData("{")]
    public void A_bad_line_is_named(string line)
    {
        using var folder = new TemporaryFolder();
        var path = folder.WriteText("log.jsonl", TamerLog.Line(new EpisodeBegan(0)) + "\n\n" + line);
        var error = Assert.Throws<DataException>(() => TamerLog.Read(path).ToArray());
        Assert.Contains("line 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_trainer_answers_as_often_as_late_and_as_wrongly_as_asked()
    {
        var trainer = new SimulatedTrainer(new SimulatedTrainerOptions(), (_, _) => true, new Seed(2));
        for (var i = 0; i < 5000; i++)
        {
            trainer.Watch(new StepBegan(10.0 * i, Somewhere, 0), 0, 0, i);
        }

        var answers = trainer.Until(double.PositiveInfinity).ToArray();
        Assert.InRange(answers.Length, 1860, 2140); // 2000, four standard deviations
        Assert.InRange(answers.Count(a => a.Value < 0), 60, 140); // 100
        Assert.All(answers, a => Assert.InRange(a.Time % 10, 0.2 - 1e-6, 0.8 + 1e-6));
    }

    private static TamerAgent Agent() => new(new RadialModel((BoxSpace)new MountainCar().Observations, 3), CreditAssignment.Uniform());

    private static void Tell(TamerAgent agent, int action, double praise)
    {
        agent.Apply(new EpisodeBegan(0));
        agent.Apply(new StepBegan(0, Somewhere, action));
        agent.Apply(new EpisodeEnded(0.15));
        agent.Apply(new FeedbackGiven(0.5, praise));
    }
}
