using Attune.Methods.Preference;
using Attune.Methods.Tests.Loop;
using Attune.Models.Architecture;
using Attune.Testing.Training;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Preference;

public sealed class ChosenWatchTests
{
    [Fact]
    public void It_warns_once_when_chosen_answers_fall_and_remembers_when()
    {
        using var policy = TinyModels.Language(1);
        var chosen = TinyTask.Pairs(30).Select(p => p.Chosen).ToArray();
        var watch = new ChosenWatch(chosen, policy);
        Assert.Null(watch.Look(5));
        Assert.Equal(-1, watch.FellAt);
        Disturb(policy, 1);
        var warning = watch.Look(10);
        Assert.Contains("chosen answers became less likely", warning, StringComparison.Ordinal);
        Assert.Contains("after 10 updates", warning, StringComparison.Ordinal);
        Assert.Null(watch.Look(15));
        Assert.Equal(10, watch.FellAt);

        // A resumed run has the memory, and does not warn again.
        var resumed = new ChosenWatch(chosen, policy);
        resumed.Restore(watch.State);
        Assert.Equal(10, resumed.FellAt);
        Disturb(policy, 3);
        Assert.Null(resumed.Look(20));
    }

    [Fact]
    public async Task It_is_silent_where_chosen_answers_rise()
    {
        using var policy = TinyModels.Language(1);
        using var reference = policy.Copy();
        var pairs = TinyTask.Pairs(8);
        var watch = new ChosenWatch(pairs.Select(p => p.Chosen), policy);
        using var loop = new Training.TrainingLoop<PreferencePair>(
            new Orpo.Objective(new OrpoOptions(), policy),
            new Training.Experience.DatasetExperience<PreferencePair>([.. pairs.Select(p => new PreferencePair(p, null))], 8, 20),
            new Training.Optimisation.Schedule(Training.Optimisation.ScheduleKind.Constant, 3e-3, 0),
            new Training.Optimisation.OptimiserOptions(),
            new Training.LoopOptions(8, 0),
            null
        );
        await loop.RunAsync(Core.Runs.Progress.Start(new Core.Runs.Seed(1)), new RecordingObserver(), CancellationToken.None);
        Assert.Null(watch.Look(20));
    }

    /// <summary>Makes the policy forget what it knows.</summary>
    private static void Disturb(LanguageModel policy, ulong seed)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var rng = new Core.Runs.Seed(seed).Rng();
        var noise = tensor(Enumerable.Range(0, (int)policy.Weights.Values.numel()).Select(_ => (float)(0.3 * rng.NextNormal())).ToArray());
        policy.Weights.Values.add_(noise);
    }
}
