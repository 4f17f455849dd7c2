namespace Attune.Training.Rewards;

/// <summary>How the rewards of an answer's steps become its reward.</summary>
public enum StepAggregation
{
    /// <summary>Their product, the probability that all steps are right (Lightman et al. 2023, section 2.6).</summary>
    Product,

    /// <summary>The smallest (Math-Shepherd, arXiv:2312.08935).</summary>
    Min,

    /// <summary>The last step's: what an outcome reward model says.</summary>
    Last,

    Mean,

    Sum,

    /// <summary>None: each stands at the end of its step, for methods that learn from rewards at tokens.</summary>
    None,
}

/// <inheritdoc cref="StepAggregation"/>
public static class StepAggregations
{
    /// <param name="steps">Rewards of the steps in order, at least one.</param>
    public static double Of(this StepAggregation aggregation, IReadOnlyList<double> steps) =>
        aggregation switch
        {
            StepAggregation.Product => steps.Aggregate(1.0, (product, step) => product * step),
            StepAggregation.Min => steps.Min(),
            StepAggregation.Last => steps[^1],
            StepAggregation.Mean => steps.Average(),
            _ => steps.Sum(),
        };
}
