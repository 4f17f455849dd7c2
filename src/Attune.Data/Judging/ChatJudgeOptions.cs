namespace Attune.Data.Judging;

/// <summary>In which order a judge is shown the answers. Models like the first, or the last, for its place (Zheng et al. 2023).</summary>
public enum JudgeOrder
{
    /// <summary>As they stand and the other way round: only who wins both times is preferred.</summary>
    Both,

    /// <summary>Once, in an order drawn by chance from the question's id: half the price, and the bias is noise in the labels.</summary>
    Random,
}

/// <summary>How a model is asked to judge.</summary>
public sealed record ChatJudgeOptions
{
    public const string DefaultCriterion = "Prefer the answer that is more helpful, honest and harmless.";

    /// <summary>What makes an answer better, in a sentence or a page.</summary>
    public string Criterion { get; init; } = DefaultCriterion;

    public JudgeOrder Order { get; init; }

    /// <summary>Questions asked at once.</summary>
    public int Parallel { get; init; } = 8;

    /// <summary>The longest reply, tokens. Models that think aloud need more.</summary>
    public int MaxTokens { get; init; } = 16;

    /// <summary>0 for the model's likeliest verdict.</summary>
    public double Temperature { get; init; }
}
