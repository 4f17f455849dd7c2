using Attune.Core.Runs;

namespace Attune.Worlds.Arithmetic;

/// <summary>
/// Who writes the solutions that a model learns from, and errs. Of the 300 facts (a digit, a sign, a digit) three in ten are hard: there
/// the pupil is right in 35% of the cases, and mostly believes one wrong result. Such errors are the same again and again, so that a
/// majority vote does not find them. Other facts are right in 95%.
/// </summary>
public static class Pupil
{
    private const double HardShare = 0.3,
        RightIfHard = 0.35,
        RightIfEasy = 0.95,
        Believed = 0.85;

    /// <summary>The facts are the same in every run.</summary>
    private static readonly Seed Facts = new(2023);

    /// <summary>Whether the pupil does not know a fact well.</summary>
    public static bool IsHard(int left, Operation operation) => Drawn("hard", left, operation).NextDouble() < HardShare;

    /// <summary>The wrong result that the pupil mostly believes where a fact is hard.</summary>
    public static int Misconception(int left, Operation operation) => Wrong(Drawn("belief", left, operation), operation.Of(left));

    /// <summary>What the pupil writes this time.</summary>
    public static int Result(int left, Operation operation, Rng rng)
    {
        var (right, isHard) = (operation.Of(left), IsHard(left, operation));
        if (rng.NextDouble() < (isHard ? RightIfHard : RightIfEasy))
        {
            return right;
        }

        return isHard && rng.NextDouble() < Believed ? Misconception(left, operation) : Wrong(rng, right);
    }

    /// <summary>Steps, one a line; each goes on from what the one before it came to, right or wrong.</summary>
    public static string Solve(Chain chain, Rng rng)
    {
        var (left, steps) = (chain.Start, new List<string>());
        foreach (var operation in chain.Operations)
        {
            var result = Result(left, operation, rng);
            steps.Add(Chain.Step(left, operation, result));
            left = result;
        }

        return string.Join('\n', steps);
    }

    private static int Wrong(Rng rng, int right) => (right + 1 + rng.NextInt(9)) % 10;

    private static Rng Drawn(string what, int left, Operation operation) =>
        Facts.For(what, left, (Chain.Signs.IndexOf(operation.Sign, StringComparison.Ordinal) * 10) + operation.Operand).Rng();
}
