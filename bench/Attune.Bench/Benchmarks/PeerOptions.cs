using System.Collections.Immutable;

namespace Attune.Bench.Benchmarks;

/// <summary>
/// A peer that runs as a program: <c>RUNNER DIRECTORY train tiny 8 256 f32</c>, <c>... decode tiny 64 16 48 f32</c> or
/// <c>... ppo demo 256 16 96 64 2 2 2 f32</c> (rollouts, prompt, new tokens, minibatch, epochs, frozen layers, reward models). The last
/// line of its standard output is a JSON object with <c>ms_per_step</c>, <c>tokens_per_second</c> or <c>seconds_per_iteration</c> and,
/// where it knows them,
/// <c>peak_mb</c>, <c>phases</c> (seconds by name), and <c>torch</c>, PyTorch's version, or <c>peer</c>, another peer's name.
/// </summary>
/// <param name="Directory">Where the peer is installed.</param>
/// <param name="Runner">The program.</param>
public sealed record PeerOptions(string Directory, string Runner)
{
    /// <summary>
    /// TYPE or TYPE:ATTENTION, handed on to the peer; types are f32, bf16 (not PPO) and mixed (where there is training), attention is fused
    /// or manual.
    /// </summary>
    public ImmutableArray<string> Variants { get; init; } = ["f32"];

    internal IEnumerable<string> Problems()
    {
        if (!System.IO.Directory.Exists(Directory))
        {
            yield return $"the peer's folder {Directory} is not there; give the one that the peer's set-up made.";
        }

        if (!File.Exists(Runner))
        {
            yield return $"the peer's runner {Runner} is not there; name it with --peer-runner.";
        }

        if (Variants.IsEmpty)
        {
            yield return "no variant of the peer is given; expected one or more such as f32 or mixed:manual.";
        }

        foreach (
            var variant in Variants.Where(v =>
                v.Split(':')
                    is not ["f32" or "bf16" or "mixed" or "q8" or "q4"]
                        and not [("f32" or "bf16" or "mixed"), ("fused" or "manual")]
            )
        )
        {
            yield return $"the peer's variant is '{variant}'; expected f32, bf16, mixed, q8 or q4, and :manual or :fused after the first "
                + "three if attention matters.";
        }
    }
}
