using Attune.Core.Runs;
using Attune.Core.Tokens;

namespace Attune.Testing.Training;

/// <summary>Random token sequences with prompts and answers of varied length.</summary>
public static class TinyData
{
    /// <summary>Prompts of 2 to 5 tokens, answers of 1 to 7.</summary>
    public static TokenSequence[] Sequences(int count, ulong seed, int vocabulary = 20)
    {
        var rng = new Seed(seed).Rng();
        return [.. Enumerable.Range(0, count).Select(_ => Sequence(rng, Tokens(rng, 2 + rng.NextInt(4), vocabulary), vocabulary))];
    }

    /// <summary>Several answers to one prompt.</summary>
    public static TokenSequence[] Answers(int count, Rng rng, int vocabulary = 20)
    {
        var prompt = Tokens(rng, 2 + rng.NextInt(4), vocabulary);
        return [.. Enumerable.Range(0, count).Select(_ => Sequence(rng, prompt, vocabulary))];
    }

    /// <summary>How many answer tokens have an even id: something learnable.</summary>
    public static int EvenTokens(TokenSequence sequence)
    {
        var even = 0;
        foreach (var token in sequence.Answer)
        {
            even += token % 2 == 0 ? 1 : 0;
        }

        return even;
    }

    private static int[] Tokens(Rng rng, int count, int vocabulary) => [.. Enumerable.Range(0, count).Select(_ => rng.NextInt(vocabulary))];

    private static TokenSequence Sequence(Rng rng, int[] prompt, int vocabulary) =>
        new([.. prompt, .. Tokens(rng, 1 + rng.NextInt(7), vocabulary)], prompt.Length);
}
