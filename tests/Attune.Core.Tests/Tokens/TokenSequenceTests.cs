using Attune.Core.Runs;
using Attune.Core.Tokens;
using CsCheck;

namespace Attune.Core.Tests.Tokens;

public sealed class TokenSequenceTests
{
    private static readonly Gen<TokenSequence> Sequences =
        from tokens in Gen.Int[0, 99].Array[1, 40]
        from start in Gen.Int[0, tokens.Length]
        select new TokenSequence([.. tokens], start);

    [Fact]
    public void Law_token_dropout_keeps_the_prompt_and_a_subsequence_of_the_answer() =>
        Gen.Select(Sequences, Gen.Double[0, 1], Gen.ULong)
            .Sample(
                (sequence, share, seed) =>
                {
                    var less = sequence.WithTokenDropout(share, new Seed(seed).Rng());
                    Assert.Equal(sequence.Prompt.ToArray(), less.Prompt.ToArray());
                    Assert.Equal(Math.Min(1, sequence.AnswerLength), Math.Min(1, less.AnswerLength));
                    var at = 0;
                    foreach (var token in less.Answer)
                    {
                        at += sequence.Answer[at..].IndexOf(token) + 1;
                        Assert.True(at > 0);
                    }
                }
            );

    [Fact]
    public void Token_dropout_leaves_out_the_share_it_was_given()
    {
        var sequence = new TokenSequence([.. Enumerable.Range(0, 20_000)], 10_000);
        // 10,000 answer tokens at 0.3: mean 7,000 kept, standard deviation 46.
        Assert.InRange(sequence.WithTokenDropout(0.3, new Seed(1).Rng()).AnswerLength, 6_800, 7_200);
        Assert.Same(sequence, sequence.WithTokenDropout(0, new Seed(1).Rng()));
        Assert.Equal(1, sequence.WithTokenDropout(1, new Seed(1).Rng()).AnswerLength);
    }
}
