using System.Collections.Immutable;

namespace Attune.Text.Tokenizers;

/// <summary>Text to token ids and back.</summary>
public interface ITokenizer
{
    /// <summary>Number of ids, special tokens included.</summary>
    int VocabularySize { get; }

    /// <summary>Put before a text where the model was trained so (Llama); null where not (GPT-2).</summary>
    int? BeginToken { get; }

    /// <summary>Ends an answer.</summary>
    int EndToken { get; }

    /// <summary>
    /// Fills short rows; differs from <see cref="EndToken"/>, so that ending and padding are never confused. It may lie outside
    /// the model's vocabulary: trainers replace it before the embedding and mask it everywhere.
    /// </summary>
    int PadToken { get; }

    /// <summary>Ids of the text alone; no begin or end token is added.</summary>
    ImmutableArray<int> Encode(string text);

    /// <summary>Text of the ids; begin, end and pad tokens give nothing. Invalid UTF-8 becomes U+FFFD.</summary>
    string Decode(ReadOnlySpan<int> tokens);

    /// <summary>Writes the files from which TokenizerFiles.Load makes an equal tokenizer.</summary>
    void Save(string directory);
}
