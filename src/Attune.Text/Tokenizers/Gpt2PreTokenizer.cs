using Attune.Text.Tokenizers.Pipeline;

namespace Attune.Text.Tokenizers;

/// <summary>Gives Microsoft's tokenizer the words of <see cref="Gpt2Words"/>.</summary>
internal sealed class Gpt2PreTokenizer : Microsoft.ML.Tokenizers.PreTokenizer
{
    public override IEnumerable<(int Offset, int Length)> PreTokenize(string text) => PreTokenize(text.AsSpan());

    public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text)
    {
        var words = new List<(int, int)>(1 + text.Length / 5);
        var start = 0;
        while (start < text.Length)
        {
            var length = Gpt2Words.FirstWord(text[start..]);
            words.Add((start, length));
            start += length;
        }

        return words;
    }
}
