using System.Text;
using Attune.Core;
using Attune.Core.Rollouts;

namespace Attune.Models.Decoding;

/// <summary>Text of token ids, as <c>ITokenizer.Decode</c> gives it.</summary>
public delegate string TokenDecoder(ReadOnlySpan<int> tokens);

/// <summary>Finds stop sequences in the text of an answer as it grows.</summary>
internal sealed class StopTexts
{
    private readonly SamplingOptions _options;
    private readonly TokenDecoder? _decode;
    private readonly int _tail;

    internal StopTexts(SamplingOptions options, TokenDecoder? decode)
    {
        if (options.StopSequences.Length > 0 && decode is null)
        {
            throw new ConfigurationException(
                "Stop sequences are texts, and this sampler was made without a tokenizer to read answers with."
            );
        }

        (_options, _decode) = (options, decode);
        // A token that counts has at least one byte, so a stop sequence that the last token completes lies within this many.
        _tail = options.StopSequences.Select(text => Encoding.UTF8.GetByteCount(text) + 1).DefaultIfEmpty(0).Max();
    }

    /// <summary>Whether the answer now holds a stop sequence.</summary>
    internal bool EndsIn(ReadOnlySpan<int> answer)
    {
        if (_tail == 0)
        {
            return false;
        }

        var text = _decode!(answer[Math.Max(0, answer.Length - _tail)..]);
        foreach (var stop in _options.StopSequences)
        {
            if (text.Contains(stop, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
