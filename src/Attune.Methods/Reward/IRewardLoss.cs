using Attune.Core.Feedback;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Models.Architecture;
using Attune.Training.Contracts;

namespace Attune.Methods.Reward;

/// <summary>What a reward model is fitted to: one kind of label with its loss, as the stage that trains the model needs it.</summary>
/// <typeparam name="TLabel">A label as files hold it.</typeparam>
/// <typeparam name="TItem">The label in tokens.</typeparam>
public interface IRewardLoss<TLabel, TItem>
    where TLabel : Label
{
    /// <param name="maxLength">Longest row, in tokens.</param>
    /// <param name="policy">Whether longer ones are left out, which is counted, or cut.</param>
    EncodedData<TItem> Encode(Encoder encoder, IReadOnlyList<TLabel> labels, int maxLength, TruncationPolicy policy);

    /// <summary>The item with every sequence changed, in a fixed order.</summary>
    TItem Change(TItem item, Func<TokenSequence, TokenSequence> change);

    /// <param name="data">What it will be trained on, for losses that begin where the data are.</param>
    IObjective<TItem> Objective(ScalarModel model, IReadOnlyList<TItem> data);

    /// <summary>The objective with the rounds that it learns from, for losses that look at an update as a whole.</summary>
    (IObjective<TItem> Objective, IExperience<TItem> Experience) Training(
        ScalarModel model,
        IReadOnlyList<TItem> data,
        IExperience<TItem> experience
    ) => (Objective(model, data), experience);

    /// <summary>
    /// The pairs in it that have an order, by which accuracy is measured; none in ties, and in verdicts and ratings of single answers.
    /// </summary>
    IEnumerable<(TokenSequence Better, TokenSequence Worse)> Pairs(TItem item);

    /// <summary>One of its answers, with the prompt.</summary>
    TokenSequence Answer(TItem item);
}
