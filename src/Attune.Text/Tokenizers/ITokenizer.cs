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

    /// <summary>
    /// Ids of a text that follows other tokens: an answer after its prompt. Differs from <see cref="Encode"/> where a tokenizer puts
    /// a space before every text (SentencePiece), which would come between the two.
    /// </summary>
    ImmutableArray<int> EncodeContinuation(string text) => Encode(text);

    /// <summary>
    /// Ids of a text right after a special token, as in a conversation. After the begin token a text begins, elsewhere it goes on.
    /// </summary>
    ImmutableArray<int> EncodeAfter(int special, string text) => special == BeginToken ? Encode(text) : EncodeContinuation(text);

    /// <summary>Whether white space before a special token belongs to it, as in a conversation ("lstrip" in files).</summary>
    bool TakesSpaceBefore(int special) => false;

    /// <summary>As <see cref="Encode"/>, with where each token lies in the text.</summary>
    EncodedText EncodeWithOffsets(string text);

    /// <summary>As <see cref="EncodeContinuation"/>, with where each token lies in the text.</summary>
    EncodedText EncodeContinuationWithOffsets(string text) => EncodeWithOffsets(text);

    /// <summary>As <see cref="EncodeAfter"/>, with where each token lies in the text.</summary>
    EncodedText EncodeAfterWithOffsets(int special, string text) =>
        special == BeginToken ? EncodeWithOffsets(text) : EncodeContinuationWithOffsets(text);

    /// <summary>Text of the ids; special tokens give nothing. Invalid UTF-8 and ids that stand for no text become U+FFFD.</summary>
    string Decode(ReadOnlySpan<int> tokens);

    /// <summary>Text of ids that follow others: the reverse of <see cref="EncodeContinuation"/>.</summary>
    string DecodeContinuation(ReadOnlySpan<int> tokens) => Decode(tokens);

    /// <summary>
    /// The id of a special token by its text, such as &lt;|im_end|&gt;; null where there is none. <see cref="Encode"/> never makes one
    /// out of text, so nothing a user writes can end a turn or begin another.
    /// </summary>
    int? FindSpecial(string token) => null;

    /// <summary>
    /// A token as the vocabulary writes it, such as "\u0120the" or "##ing"; U+FFFD where no token has the id.
    /// </summary>
    string Spelling(int token) => SpecialTokens.FirstOrDefault(t => FindSpecial(t) == token) ?? DecodeContinuation([token]);

    /// <summary>The texts of all special tokens.</summary>
    IReadOnlyCollection<string> SpecialTokens => [];

    /// <summary>Writes the files from which TokenizerFiles.Load makes an equal tokenizer.</summary>
    void Save(string directory);
}
