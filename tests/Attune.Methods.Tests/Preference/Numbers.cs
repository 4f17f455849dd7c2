using Attune.Core.Runs;
using Attune.Methods.Preference;
using Attune.Methods.Tests.Loop;
using Attune.Models.Architecture;
using Attune.Testing.Training;
using Attune.Training;
using Attune.Training.Contracts;
using Attune.Training.Experience;
using Attune.Training.Optimisation;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Preference;

/// <summary>What the tests of direct methods share: the worked pair, random margins, a task to learn.</summary>
internal static class Numbers
{
    /// <summary>
    /// log-probabilities: chosen -10 of 10 tokens, rejected -12 of 5; the reference has -11 for both. So the margin is 2.
    /// </summary>
    public static ScoredPairs Worked => new(Answers(-10, -11, 10), Answers(-12, -11, 5));

    public static Gen<double> Margin { get; } = Gen.Double[-30, 30];

    /// <summary>Chosen, rejected and the reference's of both, nats.</summary>
    public static Gen<(double Chosen, double Rejected, double ReferenceChosen, double ReferenceRejected)> LogProbs { get; } =
        Gen.Select(Gen.Double[-60, -1], Gen.Double[-60, -1], Gen.Double[-60, -1], Gen.Double[-60, -1]);

    public static ScoredAnswers Answers(double logProb, double reference, double length) =>
        new(tensor([logProb]), tensor([reference]), tensor([length]));

    public static double Of(Func<Tensor, Tensor> loss, double at)
    {
        using var scope = NewDisposeScope();
        return loss(tensor([at])).ToDouble();
    }

    /// <summary>The gradient of a loss of margins, summed over pairs.</summary>
    public static void GradientAgrees(Func<Tensor, Tensor> loss, double low = -4, double high = 4) =>
        Gen.Double[low, high].Array[1, 4].Sample(margins => FiniteDifferences.Agree(x => loss(x).sum(), margins, 1e-6), iter: 20);

    /// <summary>Trains a tiny language model on eight pairs for 60 updates of all of them.</summary>
    public static async Task Learns(Func<LanguageModel, LanguageModel, IObjective<PreferencePair>> objective, double lossBelow)
    {
        var observer = await Train(objective, [.. TinyTask.Pairs(8).Select(p => new PreferencePair(p, null))], prepare: null);
        Assert.True(
            observer.Losses[^1] < lossBelow,
            $"the loss went from {observer.Losses[0]:f3} to {observer.Losses[^1]:f3}; below {lossBelow} was expected"
        );
        Assert.Equal(1, observer.Updates[^1].Metrics["rewards/accuracies"]);
        Assert.True(observer.Updates[^1].Metrics["rewards/margins"] > observer.Updates[0].Metrics["rewards/margins"]);
    }

    public static async Task<RecordingObserver> Train<T>(
        Func<LanguageModel, LanguageModel, IObjective<T>> objective,
        T[] items,
        Func<LanguageModel, LanguageModel, UpdatePreparation<T>>? prepare
    )
    {
        using var model = TinyModels.Language(1);
        using var reference = model.Copy();
        var observer = new RecordingObserver();
        var experience = new PreferenceExperience<T>(new DatasetExperience<T>(items, items.Length, epochs: 60))
        {
            Preparation = prepare?.Invoke(model, reference),
        };
        using var loop = new TrainingLoop<T>(
            objective(model, reference),
            experience,
            new Schedule(ScheduleKind.Linear, 5e-3, 0.1),
            new OptimiserOptions { MaxGradientNorm = 1 },
            new LoopOptions(items.Length, 0),
            null
        );
        await loop.RunAsync(Progress.Start(new Seed(1)), observer, CancellationToken.None);
        return observer;
    }
}
