using Attune.Core.Runs;
using Attune.Models.Encoders;
using Attune.Models.Weights;
using Attune.Numerics;
using Attune.Training.Contracts;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Reward;

/// <summary>A text in an encoder's tokens, with its class.</summary>
/// <param name="Class">Index among the classifier's labels.</param>
public sealed record LabelledText(EncoderText Text, int Class);

/// <summary>
/// A classifier on an encoder (Devlin et al. 2019, section 4.1): softmax regression on what the first token became, with the whole encoder
/// trained below it.
/// </summary>
public static class EncoderClassification
{
    /// <summary>-log P(class), per text.</summary>
    /// <param name="logits">[texts, classes]</param>
    /// <param name="classes">int64, [texts]</param>
    /// <returns>[texts], nats</returns>
    public static Tensor Loss(Tensor logits, Tensor classes)
    {
        logits.Require([-1, -1]);
        classes.Require([logits.shape[0]]);
        using var scope = NewDisposeScope();
        return (-logits.log_softmax(-1).gather(1, classes.unsqueeze(1)).squeeze(1)).MoveToOuterDisposeScope();
    }

    /// <summary>Trains the encoder and its head; the mean is over texts.</summary>
    public sealed class Objective(EncoderClassifier model) : IObjective<LabelledText>
    {
        public IReadOnlyList<FlatParameters> Learners { get; } = [model.Weights];

        public double Weight(LabelledText item) => 1;

        public int Length(LabelledText item) => item.Text.Ids.Count;

        public ObjectiveValue Evaluate(IReadOnlyList<LabelledText> items)
        {
            var logits = model.Forward([.. items.Select(i => i.Text)]);
            var classes = tensor(items.Select(i => (long)i.Class).ToArray());
            var metrics = new Metrics();
            metrics.AddSum("accuracy", logits.argmax(-1).eq(classes).sum().ToDouble(), items.Count);
            return new ObjectiveValue(Loss(logits, classes).sum(), metrics);
        }
    }
}
