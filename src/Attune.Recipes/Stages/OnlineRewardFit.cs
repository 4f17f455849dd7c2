using System.Collections.Immutable;
using System.Globalization;
using Attune.Core.Feedback;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Data.Order;
using Attune.Methods.Policy.Online;
using Attune.Methods.Reward;
using Attune.Models.Architecture;
using Attune.Recipes.Running;
using Attune.Training;
using Attune.Training.Contracts;
using Attune.Training.Rewards;

namespace Attune.Recipes.Stages;

/// <summary>
/// Trains the reward models of an online run, each time from the starting policy, on all labels so far (Ziegler et al. 2019).
/// </summary>
internal sealed class OnlineRewardFit(OnlineStage options, PolicySetup setup, StageContext context) : IRewardFit
{
    private readonly RewardFit<Choice, TokenChoice> _fit = new(
        options.Reward,
        new ChoiceOfK.Labels(options.Reward.Comparison.CenterRewardsCoefficient),
        context,
        setup.Reference,
        setup.Encoder
    );

    /// <summary>By answers of the starting policy to the prompts it learns on, the same each time.</summary>
    private readonly RewardNormaliser _normaliser = new(
        options.Reward.Normalisation,
        [.. Enumerable.Range(0, options.NormalisationSamples).Select(i => Request(setup, context, i))],
        setup.Sampling,
        setup.Reference,
        context
    );

    public async Task<(RewardModel Model, double? Accuracy)> TrainAsync(
        int refresh,
        ImmutableArray<Choice> labels,
        CancellationToken cancel
    )
    {
        var split = Split.ByPrompt(labels, options.Reward.TestSplit, context.Seed.For("split"));
        var data = _fit.Encode(split.Training.IsEmpty ? split with { Training = labels } : split, "labels");
        var members = await _fit.RunAsync(data, new Members(options.Reward, context, refresh), cancel);
        var model = await _normaliser.NormaliseAsync(members, cancel);
        return (model, Accuracy(model, data.HeldOut));
    }

    public double? Accuracy(RewardModel model, IReadOnlyList<Choice> labels)
    {
        var choices = _fit.Encode(labels);
        context.NoteDropped(choices.Dropped, "labels");
        return Accuracy(model, choices.Items);
    }

    private double? Accuracy(RewardModel model, ImmutableArray<TokenChoice> choices)
    {
        var scores = model.Score([.. choices.SelectMany(c => c.Answers)]).Select(s => s.Reward).Chunk(options.Questions.Answers).ToArray();
        return choices.IsEmpty
            ? null
            : choices.Select((c, i) => scores[i].Where((_, k) => k != c.Best).All(s => s < scores[i][c.Best]) ? 1.0 : 0).Average();
    }

    private static SampleRequest Request(PolicySetup setup, StageContext context, int index) =>
        setup.Prompts.Request(index % setup.Prompts.Count, context.Seed.For("normalisation", index));

    /// <summary>Members of one refresh, trained from start to end: a run that was killed trains them again.</summary>
    private sealed class Members(RewardOptions method, StageContext context, int refresh) : IMemberTraining<TokenChoice>
    {
        public async Task TrainAsync(
            int index,
            ScalarModel member,
            IObjective<TokenChoice> objective,
            IExperience<TokenChoice> experience,
            CancellationToken cancel
        )
        {
            using var loop = new TrainingLoop<TokenChoice>(
                objective,
                experience,
                method.Training.LearningRateSchedule,
                method.Training.Optimiser,
                new LoopOptions(method.Training.EffectiveMicrobatch, method.Training.CheckpointEvery)
                {
                    EmaDecay = method.Training.EmaDecay,
                },
                null
            );
            var observer = new ScreenObserver(context.Screen, $"reward model {refresh + 1}, member {index + 1}");
            var (_, end) = await loop.RunAsync(Progress.Start(context.Seed.For("reward", refresh, index)), observer, cancel);
            if (end == LoopEnd.Cancelled)
            {
                throw new OperationCanceledException(cancel);
            }
        }
    }

    /// <summary>Shown, not logged: what is logged of a refresh is what came of it.</summary>
    private sealed class ScreenObserver(IRunScreen screen, string task) : ILoopObserver
    {
        private string _heldOut = "";

        public long LastSequence => 0;

        public void OnUpdate(Progress progress, long plannedUpdates, Metrics metrics) =>
            screen.Report(
                task,
                progress.Updates,
                plannedUpdates,
                string.Create(CultureInfo.InvariantCulture, $"accuracy {metrics["accuracy"]:0.000}{_heldOut}")
            );

        public void OnRound(Progress progress, Metrics metrics, IReadOnlyList<SampleEvent> samples)
        {
            if (metrics.Contains("eval_accuracy"))
            {
                _heldOut = string.Create(CultureInfo.InvariantCulture, $"  held out {metrics["eval_accuracy"]:0.000}");
            }
        }
    }
}
