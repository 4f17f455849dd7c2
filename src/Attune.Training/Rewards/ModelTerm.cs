using System.ComponentModel;
using Attune.Core;
using Attune.Data.Encoding;
using Attune.Models.Encoders;
using Attune.Text.Tokenizers;
using Attune.Training.Contracts;
using Attune.Training.Tokens;

namespace Attune.Training.Rewards;

/// <summary>A trained reward model, or an encoder that classifies.</summary>
[Reward("model", "what a trained reward model, or a classifier such as DistilBERT, makes of prompt and answer")]
public sealed record ModelTerm : RewardTerm
{
    /// <summary>The model's name where the reward stage before trained it.</summary>
    public const string Trained = "trained";

    [Description(
        "folder of a reward model or classifier (also an encoder such as DistilBERT), or 'trained' for the one of "
            + "the earlier reward stage"
    )]
    public required string Model { get; init; }

    [Description("class of the encoder whose logit is the reward (default: the second of two)")]
    public string? Label { get; init; }

    public override IEnumerable<string> Missing(RewardPlan plan)
    {
        if (Model == Trained && !plan.HasTrainedModel)
        {
            yield return $"{plan.Stage} has no reward: no reward stage comes before, and neither reward_model nor reward is given.";
        }
        else if (Model != Trained && !Directory.Exists(Model))
        {
            yield return $"{plan.Stage}.reward.model: {Model} is not a folder; expected a reward model's, or '{Trained}'.";
        }
        else if (Label is not null && (Model == Trained || !EncoderConfig.Describes(Model)))
        {
            yield return $"{plan.Stage}.reward.label is '{Label}', but only an encoder that classifies has labels; expected model to be "
                + "the folder of one (DistilBERT, BERT or RoBERTa).";
        }
    }

    public override IReward Build(RewardContext context)
    {
        if (Model == Trained && context.Trained is { } current)
        {
            return current;
        }

        var folder = Model == Trained ? context.TrainedFolder! : Model;
        if (EncoderConfig.Describes(folder))
        {
            var classifier = new ClassifierReward(EncoderClassifier.Load(folder), TokenizerFiles.Load(folder), context.Encoder, Label);
            context.Owned.Add(classifier);
            return classifier;
        }

        if (ProcessModel.IsAt(folder))
        {
            throw new ConfigurationException(
                $"{context.Stage}: {folder} is a process reward model, which judges steps. Expected it as {{process: {Model}}}, or a "
                    + "reward model of whole answers."
            );
        }

        var model = RewardModel.Load(folder, context.Precision) with { Shared = context.Shared };
        foreach (var member in model.Members)
        {
            context.Shared?.Share(member);
        }

        context.Owned.Add(model);
        return Reading(model, folder, context.Encoder);
    }

    /// <summary>What lies in a folder as a reward: a reward model, or an encoder that classifies.</summary>
    /// <param name="stage">Whose reward it is, for messages.</param>
    /// <param name="owned">Takes what must be disposed in the end.</param>
    /// <exception cref="AttuneException">There is no such model.</exception>
    public static IReward Open(string stage, string folder, Encoder policy, ICollection<IDisposable> owned) =>
        new ModelTerm { Model = folder }.Build(
            new RewardContext
            {
                Stage = stage,
                Encoder = policy,
                Owned = owned,
            }
        );

    /// <summary>
    /// A reward model as a reward for the policy's answers. Where its own tokenizer files give other texts to the ids, it reads the answers
    /// in its own tokens.
    /// </summary>
    /// <exception cref="ModelFileException">It has no tokenizer of its own, and the policy has ids that it does not know.</exception>
    public static IReward Reading(RewardModel model, string folder, Encoder policy)
    {
        if (!ModelTokenizer.HasFiles(folder))
        {
            ModelTokenizer.Require(policy.Tokenizer, folder, model.Members[0].Config);
            return new LearnedReward(model);
        }

        var own = ModelTokenizer.Load(folder);
        return ModelTokenizer.IsSame(policy.Tokenizer, own.Tokenizer)
            ? new LearnedReward(model)
            : new RetokenizedReward(model with { Shared = null }, policy, new Encoder(own));
    }
}
