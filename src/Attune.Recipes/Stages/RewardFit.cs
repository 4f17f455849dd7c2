using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Data.Order;
using Attune.Methods.Reward;
using Attune.Models.Architecture;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Contracts;
using Attune.Training.Experience;
using Attune.Training.Rewards;

namespace Attune.Recipes.Stages;

/// <summary>How the members of a reward model are trained and kept.</summary>
internal interface IMemberTraining<TItem>
{
    /// <summary>A member whose training is over; null for one still to train.</summary>
    ScalarModel? Finished(int index) => null;

    Task TrainAsync(int index, ScalarModel member, IObjective<TItem> objective, IExperience<TItem> experience, CancellationToken cancel);
}

/// <summary>Encodes labels and trains the members of a reward model on them, one after another.</summary>
/// <param name="policy">What every member starts as.</param>
internal sealed class RewardFit<TLabel, TItem>(
    RewardOptions method,
    IRewardLoss<TLabel, TItem> loss,
    StageContext context,
    LanguageModel policy,
    Encoder encoder
)
    where TLabel : Label
{
    private int? End => method.ReadBeforeEnd ? encoder.Tokenizer.EndToken : null;

    /// <param name="name">What the labels are called in notes and messages.</param>
    public EncodedSplit<TItem> Encode(SplitData<TLabel> labels, string name) =>
        EncodedSplit.Of(labels, name, rows => Encode(rows), context);

    /// <summary>Labels in tokens. Rows that the model cannot read are left out as those beyond max_length are.</summary>
    public EncodedData<TItem> Encode(IReadOnlyList<TLabel> labels)
    {
        var rows = loss.Encode(encoder, labels, Math.Min(method.MaxLength, policy.Config.ContextLength), method.Truncation);
        return rows with { Items = [.. rows.Items.Select(item => loss.Change(item, s => s.WithoutEnd(End)))] };
    }

    /// <returns>The model, not yet normalised.</returns>
    public async Task<RewardModel> RunAsync(EncodedSplit<TItem> data, IMemberTraining<TItem> training, CancellationToken cancel)
    {
        if (method.EncoderDropout > 0)
        {
            throw new ConfigurationException(
                "encoder_dropout is for encoders (BERT, RoBERTa, DistilBERT), and this reward model begins as a language model. "
                    + "Expected 0, or an encoder."
            );
        }

        var members = new List<ScalarModel>();
        var heldOutPairs = data.HeldOut.SelectMany(loss.Pairs).ToArray();
        for (var i = 0; i < method.Members; i++)
        {
            if (training.Finished(i) is { } finished)
            {
                members.Add(finished);
                continue;
            }

            var member = NewMember(i);
            var experience = new DatasetExperience<TItem>(data.Train, method.Training.BatchSize, method.Epochs)
            {
                Evaluate = () => Evaluate(member, heldOutPairs),
                EvaluateEvery = method.EvaluateEvery,
                Vary = method.TokenDropout > 0 ? Vary : null,
            };
            var (objective, rounds) = loss.Training(member, data.Train, experience);
            await training.TrainAsync(i, member, objective, rounds, cancel);
            members.Add(member);
        }

        return method.Aggregation == RewardAggregation.Weights
            ? new RewardModel([WeightAverage.Into(members)], 0, 1) { EndToken = End, DebiasLength = method.DebiasLength }
            : new RewardModel(members, 0, 1)
            {
                EndToken = End,
                DebiasLength = method.DebiasLength,
                Aggregation = method.Aggregation,
                DisagreementPenalty = method.DisagreementPenalty,
            };
    }

    private ScalarModel NewMember(int index)
    {
        // Weights can be averaged where all members began from the same: then only the order of the data sets them apart.
        var seed = context.Seed.For("head", method.Aggregation == RewardAggregation.Weights ? 0 : index);
        var member = method.Training.Lora.Config is { } adapter
            ? ScalarModel.Adapted(policy, adapter, seed)
            : new ScalarModel(policy, seed, method.Training.Precision);
        context.FreezeLayers(member, method.Training);
        return member;
    }

    private static Metrics Evaluate(ScalarModel member, (TokenSequence Better, TokenSequence Worse)[] heldOutPairs)
    {
        var metrics = new Metrics();
        if (heldOutPairs.Length > 0)
        {
            var fit = PairFit.Of(new RewardModel([member], 0, 1), heldOutPairs);
            metrics.Set("eval_accuracy", fit.Accuracy);
            metrics.Set("eval_margin", fit.Margin);
            metrics.Set("eval_calibration_error", fit.CalibrationError);
        }

        return metrics;
    }

    private TItem Vary(TItem item, Seed seed)
    {
        var rng = seed.Rng();
        return loss.Change(item, s => s.WithTokenDropout(method.TokenDropout, rng));
    }
}
