// Agents that act: PPO by its reward, and TAMER by a trainer's praise. Run it from the root of the checkout:
//   dotnet run -c Release samples/control.cs                        TAMER with one seed
//   dotnet run -c Release samples/control.cs ppo CartPole-v1 3      one run a seed: seconds, and the mean of 20 greedy episodes
//   dotnet run -c Release samples/control.cs tamer 10               MountainCar: mean steps after 1 to 20 episodes, by credit assignment
#:project ../src/Attune.Control/Attune.Control.csproj
#:property PublishAot=false
using System.Diagnostics;
using System.Globalization;
using Attune.Control.Environments;
using Attune.Control.Policy;
using Attune.Control.Tamer;
using Attune.Core.Runs;
using Attune.Training.Contracts;
using TorchSharp;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
torch.set_num_threads(1); // networks this small lose time on a second one
if (args.Length == 0)
{
    args = ["tamer", "1"];
}

if (args is ["ppo", var environment, var ppoSeeds])
{
    for (var seed = 0; seed < int.Parse(ppoSeeds); seed++)
    {
        await Ppo(environment, seed);
    }
}
else if (args is ["tamer", var tamerSeeds])
{
    foreach (
        var credit in new[]
        {
            CreditAssignment.Uniform(),
            CreditAssignment.Gamma(),
            CreditAssignment.PreviousStep,
            CreditAssignment.Immediate,
        }
    )
    {
        Tamer(credit, int.Parse(tamerSeeds));
    }
}
else
{
    Console.Error.WriteLine("expected: ppo ENVIRONMENT SEEDS, or tamer SEEDS");
    return 2;
}

return 0;

static async Task Ppo(string environment, int seed)
{
    var clock = Stopwatch.StartNew();
    var rounds = new Rounds();
    var options = ControlPpoOptions.For(environment);
    using var agent = await ControlTraining.PpoAsync(() => EnvironmentCatalog.Make(environment), options, new Seed((ulong)seed), rounds);
    var seconds = clock.Elapsed.TotalSeconds;
    var returns = agent.Evaluate(EnvironmentCatalog.Make(environment), 20, seed: 1_000_000);
    Console.WriteLine(
        $"{environment} seed {seed}: {rounds.Steps} steps in {seconds:f1} s ({rounds.Steps / seconds:f0} a second, "
            + $"{rounds.Learning:f1} s of updates); greedy mean {returns.Average():f1}, least {returns.Min():f1}"
    );
}

static void Tamer(CreditAssignment credit, int seeds)
{
    int[] after = [1, 2, 3, 5, 10, 20];
    var steps = after.ToDictionary(a => a, _ => new List<double>());
    for (var seed = 0; seed < seeds; seed++)
    {
        var own = new Seed((ulong)seed);
        var agent = new TamerAgent(new RadialModel((BoxSpace)new MountainCar().Observations, 3), credit);
        var trainer = new SimulatedTrainer(new SimulatedTrainerOptions(), SimulatedTrainer.SwingsUp, own);
        var session = new TamerSession(new MountainCar(stepLimit: 500), agent, trainer, own);
        for (var episode = 1; episode <= after[^1]; episode++)
        {
            session.Episode();
            if (steps.TryGetValue(episode, out var list))
            {
                list.Add(TamerSession.MeanSteps(new MountainCar(stepLimit: 500), agent, 100, new Seed(1000 + (ulong)seed)));
            }
        }
    }

    var columns = after.Select(a => $"{steps[a].Average():f0} ({steps[a].Min():f0} to {steps[a].Max():f0})");
    Console.WriteLine($"{credit.Name}: after {string.Join(", ", after)} episodes {string.Join(" / ", columns)}");
}

/// <summary>Counts steps and the seconds of updates.</summary>
internal sealed class Rounds : ILoopObserver
{
    public long Steps { get; private set; }

    public double Learning { get; private set; }

    public long LastSequence => 0;

    public void OnUpdate(Progress progress, long plannedUpdates, Metrics metrics) { }

    public void OnRound(Progress progress, Metrics metrics, IReadOnlyList<SampleEvent> samples) =>
        (Steps, Learning) = (progress.Items, Learning + metrics["time/update"]);
}
