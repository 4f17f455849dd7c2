using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Runs;

namespace Attune.Worlds.Arithmetic;

/// <summary>
/// Chains of arithmetic as text, so small that a language model of a few layers learns to solve them, and a program knows of every step
/// whether it is right. Item i depends on the seed and on i alone. Figures: docs/algorithms/process-reward.md.
/// </summary>
public static class ArithmeticWorld
{
    public const string Letters = "0123456789+-*=\n";
    public const string End = "<|end|>";

    /// <summary>Operations of a problem.</summary>
    public const int Length = 6;

    /// <summary>Problems, with the right answer in a column.</summary>
    public static IEnumerable<Prompt.Text> Prompts(Seed seed, int count) => Chains(seed, count).Select(c => c.Prompt);

    /// <summary>Problems with the solution of a pupil who errs.</summary>
    public static IEnumerable<Demonstration> Demonstrations(Seed seed, int count) =>
        Chains(seed, count).Select((chain, i) => new Demonstration(chain.Prompt, Pupil.Solve(chain, seed.For("pupil", i).Rng())));

    private static IEnumerable<Chain> Chains(Seed seed, int count) =>
        Enumerable.Range(0, count).Select(i => Chain.Draw(seed.For("chain", i).Rng(), Length));
}
