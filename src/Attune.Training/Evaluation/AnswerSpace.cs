using System.Collections.Immutable;
using Attune.Core.Rollouts;
using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using static TorchSharp.torch;

namespace Attune.Training.Evaluation;

/// <summary>
/// Every answer of at most some tokens in a small vocabulary, and what a language model makes of all of them. Answers are numbered by
/// length: first the empty one (the end token alone), then those of one letter, ...; last those of the greatest length, which do not end.
/// </summary>
public sealed class AnswerSpace
{
    /// <summary>More answers than this are not enumerated: 8 tokens give 137,257 of up to 6.</summary>
    private const long Most = 300_000;
    private const int RowsAtOnce = 1024;

    private readonly int[] _letters; // ids that do not end an answer
    private readonly int[] _first; // number of the first answer of each length
    private readonly int _end;

    private AnswerSpace(int[] letters, int end, int longest)
    {
        (_letters, _end, Longest) = (letters, end, longest);
        _first = new int[longest + 2];
        for (var length = 0; length <= longest; length++)
        {
            _first[length + 1] = _first[length] + Power(length);
        }
    }

    /// <summary>Tokens of the longest answers.</summary>
    public int Longest { get; }

    public int Count => _first[^1];

    /// <summary>The space of a model's answers; null where there are too many to count.</summary>
    public static AnswerSpace? Of(TransformerConfig config, int endToken, int longest)
    {
        var letters = Enumerable.Range(0, config.VocabularySize).Where(id => id != endToken).ToArray();
        var (count, power) = (0.0, 1.0);
        for (var length = 0; length <= longest; length++, power *= letters.Length)
        {
            count += power;
        }

        return count <= Most ? new AnswerSpace(letters, endToken, longest) : null;
    }

    /// <summary>Tokens of an answer, the end token included unless it has the greatest length.</summary>
    public ImmutableArray<int> Answer(int number)
    {
        var length = 0;
        while (number >= _first[length + 1])
        {
            length++;
        }

        var code = number - _first[length];
        var tokens = new int[length < Longest ? length + 1 : length];
        for (var i = length - 1; i >= 0; i--, code /= _letters.Length)
        {
            tokens[i] = _letters[code % _letters.Length];
        }

        if (length < Longest)
        {
            tokens[length] = _end;
        }

        return [.. tokens];
    }

    /// <summary>All answers to a prompt as if they had been sampled.</summary>
    public IEnumerable<Rollout> Rollouts(ImmutableArray<int> prompt) => Rollouts(new SampleRequest(prompt, default));

    /// <inheritdoc cref="Rollouts(ImmutableArray{int})"/>
    public IEnumerable<Rollout> Rollouts(SampleRequest request) =>
        Enumerable
            .Range(0, Count)
            .Select(number =>
            {
                var answer = Answer(number);
                return new Rollout(
                    new TokenSequence(request.Prompt.AddRange(answer), request.Prompt.Length),
                    [],
                    answer[^1] == _end ? StopReason.EndToken : StopReason.Length,
                    0
                )
                {
                    Columns = request.Columns,
                };
            });

    /// <summary>
    /// The model's probability of every answer. One forward pass over the longest prefixes: a causal model has computed all shorter ones
    /// on its way.
    /// </summary>
    /// <returns>One number an answer; their sum is 1.</returns>
    public double[] Probabilities(LanguageModel model, ImmutableArray<int> prompt, double temperature = 1)
    {
        if (prompt.Length + Longest - 1 > model.Config.ContextLength)
        {
            throw new ArgumentException(
                $"a prompt of {prompt.Length} tokens and answers of {Longest} do not fit a context of {model.Config.ContextLength}.",
                nameof(prompt)
            );
        }

        var result = new double[Count];
        // The probability of each prefix, by length and code.
        var reached = Enumerable.Range(0, Longest).Select(length => new double[Power(length)]).ToArray();
        reached[0][0] = 1;
        var rows = Power(Longest - 1);
        for (var start = 0; start < rows; start += RowsAtOnce)
        {
            var count = Math.Min(RowsAtOnce, rows - start);
            var logits = Logits(model, prompt, start, count); // [count, longest, vocabulary]
            for (var row = 0; row < count; row++)
            {
                for (var length = 0; length < Longest; length++)
                {
                    var below = Power(Longest - 1 - length);
                    if ((start + row) % below == 0)
                    {
                        Spread(
                            result,
                            reached,
                            length,
                            (start + row) / below,
                            logits.AsSpan(((row * Longest) + length) * (_letters.Length + 1), _letters.Length + 1),
                            temperature
                        );
                    }
                }
            }
        }

        return result;
    }

    /// <summary>Shares a prefix's probability among its continuations. Softmax in double, so that all answers together have 1.</summary>
    private void Spread(double[] result, double[][] reached, int length, int code, ReadOnlySpan<float> logits, double temperature)
    {
        var highest = double.NegativeInfinity;
        foreach (var logit in logits)
        {
            highest = Math.Max(highest, logit);
        }

        var sum = 0.0;
        foreach (var logit in logits)
        {
            sum += Math.Exp((logit - highest) / temperature);
        }

        var scale = reached[length][code] / sum;
        result[_first[length] + code] = scale * Math.Exp((logits[_end] - highest) / temperature);
        for (var k = 0; k < _letters.Length; k++)
        {
            var next = (code * _letters.Length) + k;
            var probability = scale * Math.Exp((logits[_letters[k]] - highest) / temperature);
            if (length + 1 < Longest)
            {
                reached[length + 1][next] = probability;
            }
            else
            {
                result[_first[Longest] + next] = probability;
            }
        }
    }

    private float[] Logits(LanguageModel model, ImmutableArray<int> prompt, int start, int count)
    {
        var time = prompt.Length + Longest - 1;
        var tokens = new long[count * time];
        for (var row = 0; row < count; row++)
        {
            var code = start + row;
            for (var i = 0; i < prompt.Length; i++)
            {
                tokens[(row * time) + i] = prompt[i];
            }

            for (var i = time - 1; i >= prompt.Length; i--, code /= _letters.Length)
            {
                tokens[(row * time) + i] = _letters[code % _letters.Length];
            }
        }

        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var hidden = model.Trunk.Hidden(tensor(tokens, [count, time], device: model.Weights.Values.device)); // [count, time, width]
        var predicting = hidden.narrow(1, prompt.Length - 1, Longest); // [count, longest, width]
        return model.Logits(predicting).to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
    }

    private int Power(int exponent)
    {
        var power = 1;
        for (var i = 0; i < exponent; i++)
        {
            power *= _letters.Length;
        }

        return power;
    }
}
