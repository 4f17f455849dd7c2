using System.Collections.Immutable;
using System.Globalization;
using Attune.Core.Feedback;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Data.Order;
using Attune.Methods.Policy.Online;
using Attune.Methods.Reward;
using Attune.Models.Architecture;
using Attune.Recipes.Running;
using Attune.Training;
using Attune.Training.Contracts;
using Attune.Training.Experience;
using Attune.Training.Rewards;
using Attune.Training.Rollouts;

namespace Attune.Recipes.Stages;

/// <summary>
/// Trains the reward models of an online run, each time from the starting policy, on all labels so far (Ziegler et al. 2019).
/// </summary>
internal sealed class OnlineRewardFit(OnlineStage options, PolicySetup setup, StageContext context) : IRewardFit
{
    private RewardOptions Method => options.Reward;

    private int? End => Method.ReadBeforeEnd ? setup.Encoder.Tokenizer.EndToken : null;

    public async Task<(RewardModel Model, double? Accuracy)> TrainAsync(
        int refresh,
        ImmutableArray<Choice> labels,
        CancellationToken cancel
    )
    {
        var split = Split.ByPrompt(labels, Method.TestSplit, context.Seed.For("split"));
        var train = Encode(split.Training.IsEmpty ? labels : split.Training);
        var members = new List<ScalarModel>();
        for (var i = 0; i < Method.Members; i++)
        {
            var member = new ScalarModel(setup.Reference, context.Seed.For("head", i), Method.Training.Precision);
            context.FreezeLayers(member, Method.Training);
            await FitAsync(member, train, refresh, i, cancel);
            members.Add(member);
        }

        var model = await NormaliseAsync(new RewardModel(members, 0, 1) { EndToken = End }, cancel);
        return (model, split.HeldOut.IsEmpty ? null : Accuracy(model, split.HeldOut));
    }

    public double Accuracy(RewardModel model, IReadOnlyList<Choice> labels)
    {
        var choices = Encode(labels);
        var scores = model.Score([.. choices.SelectMany(c => c.Answers)]).Select(s => s.Reward).Chunk(options.Questions.Answers).ToArray();
        return choices.Select((c, i) => scores[i].Where((_, k) => k != c.Best).All(s => s < scores[i][c.Best]) ? 1.0 : 0).Average();
    }

    private ImmutableArray<TokenChoice> Encode(IReadOnlyList<Choice> labels)
    {
        var encoded = setup.Encoder.EncodeAll(labels, Math.Min(Method.MaxLength, setup.Reference.Config.ContextLength));
        context.NoteDropped(encoded.Dropped, "labels");
        return [.. encoded.Items.Select(c => c with { Answers = [.. c.Answers.Select(a => a.WithoutEnd(End))] })];
    }

    private async Task FitAsync(ScalarModel member, ImmutableArray<TokenChoice> train, int refresh, int index, CancellationToken cancel)
    {
        var experience = new DatasetExperience<TokenChoice>(train, Method.Training.BatchSize, Method.Epochs);
        using var loop = new TrainingLoop<TokenChoice>(
            new ChoiceOfK.Objective(member),
            experience,
            Method.Training.LearningRateSchedule,
            Method.Training.Optimiser,
            new LoopOptions(Method.Training.EffectiveMicrobatch, Method.Training.CheckpointEvery),
            null
        );
        var observer = new ScreenObserver(context.Screen, $"reward model {refresh + 1}, member {index + 1}");
        var (_, end) = await loop.RunAsync(Progress.Start(context.Seed.For("reward", refresh, index)), observer, cancel);
        if (end == LoopEnd.Cancelled)
        {
            throw new OperationCanceledException(cancel);
        }
    }

    /// <summary>By answers of the starting policy to the prompts it learns on, the same each time.</summary>
    private async Task<RewardModel> NormaliseAsync(RewardModel model, CancellationToken cancel)
    {
        if (Method.Normalisation == RewardNormalisation.None || options.NormalisationSamples == 0)
        {
            return model;
        }

        using var sampler = new LocalSampler();
        await sampler.UseWeightsAsync(setup.Reference, 0, cancel);
        SampleRequest[] requests =
        [
            .. Enumerable
                .Range(0, options.NormalisationSamples)
                .Select(i => setup.Prompts.Request(i % setup.Prompts.Count, context.Seed.For("normalisation", i))),
        ];
        var rollouts = await sampler.SampleAsync(requests, setup.Sampling, cancel);
        return model.Normalised([.. rollouts.Select(r => r.Sequence)], Method.Normalisation);
    }

    /// <summary>Shown, not logged: what is logged of a refresh is what came of it.</summary>
    private sealed class ScreenObserver(IRunScreen screen, string task) : ILoopObserver
    {
        public long LastSequence => 0;

        public void OnUpdate(Progress progress, long plannedUpdates, Metrics metrics) =>
            screen.Report(
                task,
                progress.Updates,
                plannedUpdates,
                string.Create(CultureInfo.InvariantCulture, $"accuracy {metrics["accuracy"]:0.000}")
            );

        public void OnRound(Progress progress, Metrics metrics, IReadOnlyList<SampleEvent> samples) { }
    }
}
