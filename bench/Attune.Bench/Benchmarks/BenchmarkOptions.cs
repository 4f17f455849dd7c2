using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Runs;

namespace Attune.Bench.Benchmarks;

/// <summary>What to measure, how often, and beside whom.</summary>
public sealed record BenchmarkOptions
{
    public ImmutableArray<BenchmarkSize> Sizes { get; init; } = [BenchmarkSize.Tiny];

    /// <summary>Of <see cref="KnownWorks"/>; empty for all.</summary>
    public ImmutableArray<string> Works { get; init; } = [];

    /// <summary>Of <see cref="KnownTypes"/>; empty for all.</summary>
    public ImmutableArray<string> Types { get; init; } = [];

    public static ImmutableArray<string> KnownTypes { get; } = ["f32", "bf16", "q8", "q4"];

    public static ImmutableArray<string> KnownWorks { get; } = ["train", "prefill", "decode", "ppo", "repack"];

    /// <summary>Times each case is measured, taking turns with the peer.</summary>
    public int Rounds { get; init; } = 3;

    /// <summary>Timed repeats of each of the machine's ceilings.</summary>
    public int CeilingRepeats { get; init; } = 15;

    public Seed Seed { get; init; } = new(1);

    /// <summary>Null for no peer.</summary>
    public PeerOptions? Peer { get; init; }

    /// <summary>The benchmarks of a size that are measured.</summary>
    internal IEnumerable<BenchmarkCase> Cases(BenchmarkSize size) =>
        size.Cases.Where(c => Works.IsEmpty || Works.Contains(c.Work)).Where(c => Types.IsEmpty || Types.Contains(c.TypeName));

    /// <exception cref="ConfigurationException">Lists everything that cannot work.</exception>
    public void Validate()
    {
        string[] problems = [.. NameProblems(), .. NumberProblems(), .. Peer?.Problems() ?? []];
        if (problems.Length > 0)
        {
            throw new ConfigurationException(problems);
        }
    }

    private IEnumerable<string> NameProblems()
    {
        return
        [
            .. Works
                .Where(w => !KnownWorks.Contains(w))
                .Select(w => $"there is no benchmark of '{w}'; there are {string.Join(", ", KnownWorks)}.{Suggestion.For(w, KnownWorks)}"),
            .. Types
                .Where(t => !KnownTypes.Contains(t))
                .Select(t => $"there is no precision '{t}'; there are {string.Join(", ", KnownTypes)}.{Suggestion.For(t, KnownTypes)}"),
        ];
    }

    private IEnumerable<string> NumberProblems()
    {
        if (Rounds < 1)
        {
            yield return $"rounds is {Rounds}; expected at least 1, and 3 for a spread worth reading.";
        }

        if (CeilingRepeats < 1)
        {
            yield return $"the ceilings' repeats are {CeilingRepeats}; expected at least 1.";
        }

        if (Sizes.IsEmpty)
        {
            yield return $"no size is given; expected one or more of {string.Join(", ", BenchmarkSize.All.Select(s => s.Name))}.";
        }

        foreach (var size in Sizes.Where(s => !Cases(s).Any() && !NameProblems().Any()))
        {
            var known = string.Join(", ", size.Cases.Select(c => $"{c.Work} {c.TypeName}").Distinct());
            yield return $"size {size.Name} has no such benchmark; it has {known}.";
        }
    }
}

/// <summary>How far the benchmark is.</summary>
/// <param name="Task">"ceilings", or a row's name.</param>
/// <param name="Running">"Attune", or the peer's variant.</param>
/// <param name="Round">1 for the first.</param>
/// <param name="Finished">The row, once its last round is done.</param>
public sealed record BenchmarkProgress(string Task, string Running, int Round, int Rounds, BenchmarkRow? Finished = null);
