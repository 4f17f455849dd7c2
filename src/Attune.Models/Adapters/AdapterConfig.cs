using System.Collections.Immutable;
using Attune.Core;

namespace Attune.Models.Adapters;

/// <summary>What an adapter adds to a linear map W.</summary>
public enum AdapterKind
{
    /// <summary>W + (alpha / r) B A (Hu et al. 2021, arXiv:2106.09685).</summary>
    Lora,

    /// <summary>W + (alpha / sqrt(r)) B A: the step stays of one size whatever the rank (Kalajdzievski 2023, arXiv:2312.03732).</summary>
    Rslora,

    /// <summary>
    /// m (W + (alpha / r) B A) / |W + (alpha / r) B A|, row by row, with a trained magnitude m (Liu et al. 2024, arXiv:2402.09353).
    /// </summary>
    Dora,
}

/// <summary>An adapter's shape.</summary>
public sealed record AdapterConfig
{
    /// <summary>Instead of names: every linear map inside the layers.</summary>
    public const string AllLinear = "all-linear";

    public AdapterKind Kind { get; init; } = AdapterKind.Lora;

    /// <summary>r, the rank of B A.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>Divided by the rank, or its root, the factor of B A.</summary>
    public double Alpha { get; init; } = 16;

    /// <summary>Share of the inputs of A that are dropped in training.</summary>
    public double Dropout { get; init; }

    /// <summary>Ends of names as files have them ("q_proj", "mlp.down_proj", "c_attn"), or <see cref="AllLinear"/>.</summary>
    public ImmutableArray<string> Targets { get; init; } = [AllLinear];

    /// <summary>
    /// Whether the head over the vocabulary is trained with it, whole ("modules_to_save: lm_head"). A score head always is.
    /// </summary>
    public bool TrainsHead { get; init; }

    /// <summary>What B A is multiplied by.</summary>
    public double Scale => Kind == AdapterKind.Rslora ? Alpha / Math.Sqrt(Rank) : Alpha / Rank;

    public bool Equals(AdapterConfig? other) =>
        other is not null
        && (Kind, Rank, Alpha, Dropout, TrainsHead) == (other.Kind, other.Rank, other.Alpha, other.Dropout, other.TrainsHead)
        && Targets.SequenceEqual(other.Targets);

    public override int GetHashCode() => HashCode.Combine(Kind, Rank, Alpha, Dropout, TrainsHead, Targets.Length);

    /// <exception cref="ConfigurationException">A number is out of range.</exception>
    internal void Validate()
    {
        string[] problems =
        [
            .. Rank is < 1 or > 4096 ? [$"the rank of an adapter is {Rank}; expected 1 to 4096."] : Array.Empty<string>(),
            .. !(Alpha > 0 && Alpha < 1e6) ? [$"alpha of an adapter is {Alpha}; expected more than 0."] : Array.Empty<string>(),
            .. !(Dropout >= 0 && Dropout < 1)
                ? [$"dropout of an adapter is {Dropout}; expected 0 or more and less than 1."]
                : Array.Empty<string>(),
            .. Targets.IsDefaultOrEmpty
                ? ["an adapter has no targets; expected names of linear maps, or all-linear."]
                : Array.Empty<string>(),
        ];
        if (problems.Length > 0)
        {
            throw new ConfigurationException(problems);
        }
    }
}
