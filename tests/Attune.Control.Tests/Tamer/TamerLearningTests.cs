using Attune.Control.Environments;
using Attune.Control.Tamer;
using Attune.Core.Runs;

namespace Attune.Control.Tests.Tamer;

public sealed class TamerLearningTests(ITestOutputHelper output)
{
    private const int Seeds = 10;
    private const int StepLimit = 500;

    /// <summary>
    /// Three episodes with a trainer who answers 40 % of the steps, 5 % of them wrongly, 0.2 to 0.8 s late. The rule that the trainer has
    /// in mind takes 120 steps, an untaught agent 500.
    /// </summary>
    [Fact]
    public void MountainCar_is_taught_in_three_episodes_if_credit_goes_where_it_belongs()
    {
        var credited = MeanAfter(3, CreditAssignment.Uniform(), Radial);
        var immediate = MeanAfter(3, CreditAssignment.Immediate, Radial);
        Assert.True(credited < 180, $"mean steps after three episodes: {credited:f1}");
        Assert.True(credited < immediate, $"{credited:f1} steps with credit assignment, {immediate:f1} without");
    }

    [Fact]
    public void A_small_network_is_taught_too()
    {
        var steps = MeanAfter(10, CreditAssignment.Uniform(), Network);
        Assert.True(steps < 250, $"mean steps after ten episodes: {steps:f1}");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Training_from_a_log_gives_the_live_agent_bit_for_bit(bool radial)
    {
        using var folder = new Attune.Testing.TemporaryFolder();
        List<string> lines = [];
        Func<IHumanRewardModel> make = radial ? Radial : Network;
        var live = new TamerAgent(make(), CreditAssignment.Uniform());
        var session = Session(live, new Seed(8), happened => lines.Add(TamerLog.Line(happened)));
        for (var episode = 0; episode < 2; episode++)
        {
            session.Episode();
        }

        var again = new TamerAgent(make(), CreditAssignment.Uniform());
        foreach (var happened in TamerLog.Read(folder.WriteText("log.jsonl", string.Join('\n', lines))))
        {
            again.Apply(happened);
        }

        Assert.Contains(live.Model.Weights(), w => w != 0);
        Assert.Equal(live.Model.Weights(), again.Model.Weights());
        Assert.Equal(live.Unused, again.Unused);
    }

    private double MeanAfter(int episodes, CreditAssignment credit, Func<IHumanRewardModel> make)
    {
        var all = new double[Seeds];
        for (var seed = 0; seed < Seeds; seed++)
        {
            var agent = new TamerAgent(make(), credit);
            var session = Session(agent, new Seed((ulong)seed), _ => { });
            for (var episode = 0; episode < episodes; episode++)
            {
                session.Episode();
            }

            all[seed] = TamerSession.MeanSteps(new MountainCar(StepLimit), agent, 100, new Seed(1000 + (ulong)seed));
        }

        output.WriteLine($"{credit.Name}, after {episodes}: {all.Average():f1} ({string.Join(", ", all.Select(s => s.ToString("f0")))})");
        return all.Average();
    }

    private static TamerSession Session(TamerAgent agent, Seed seed, Action<TamerEvent> log) =>
        new(new MountainCar(StepLimit), agent, new SimulatedTrainer(new SimulatedTrainerOptions(), SimulatedTrainer.SwingsUp, seed), seed)
        {
            Log = log,
        };

    private static IHumanRewardModel Radial() => new RadialModel((BoxSpace)new MountainCar().Observations, 3);

    private static IHumanRewardModel Network() => new NetworkModel((BoxSpace)new MountainCar().Observations, 3, new Seed(1));
}
