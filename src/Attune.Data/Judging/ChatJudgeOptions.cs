namespace Attune.Data.Judging;

/// <summary>The order in which a judge is shown the answers. Models tend to prefer the first or the last (Zheng et al. 2023).</summary>
public enum JudgeOrder
{
    /// <summary>In both orders: an answer is preferred only if it wins both times.</summary>
    Both,

    /// <summary>Once, in an order drawn from the question's id: half the cost, and the bias becomes noise in the labels.</summary>
    Random,
}

/// <summary>How to ask a model to judge.</summary>
public sealed record ChatJudgeOptions
{
    public const string DefaultCriterion = "Prefer the answer that is more helpful, honest and harmless.";

    /// <summary>What makes an answer better, in a sentence or a page.</summary>
    public string Criterion { get; init; } = DefaultCriterion;

    public JudgeOrder Order { get; init; }

    /// <summary>Questions at a time.</summary>
    public int Parallel { get; init; } = 8;

    /// <summary>The longest reply, tokens. Models that reason in their reply need more.</summary>
    public int MaxTokens { get; init; } = 16;

    /// <summary>0 for the model's likeliest verdict.</summary>
    public double Temperature { get; init; }
}
