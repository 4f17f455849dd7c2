using Attune.Core;
using Attune.Models.Configuration;
using Attune.Text.Tokenizers;
using Attune.Text.Tokenizers.Pipeline;

namespace Attune.Models.Gguf;

/// <summary>A tokenizer as a GGUF file has it.</summary>
internal static class GgufTokenizer
{
    // llama_token_type
    private const int Normal = 1,
        Control = 3,
        UserDefined = 4,
        Unused = 5,
        Byte = 6;

    internal static IEnumerable<KeyValuePair<string, object>> Fields(ITokenizer tokenizer, TransformerConfig config) =>
        tokenizer switch
        {
            BytePairTokenizer pairs => [.. BytePair(pairs, config), .. Roles(tokenizer)],
            PipelineTokenizer { Vocabulary: { Kind: not VocabularyKind.Other } vocabulary } =>
            [
                .. Pipeline(vocabulary, config),
                .. Roles(tokenizer),
            ],
            SentencePieceTokenizer pieces => [.. SentencePiece(pieces, config), .. Roles(tokenizer)],
            _ => throw new AttuneException(
                $"A {tokenizer.GetType().Name} cannot be written in GGUF; expected byte-level BPE or SentencePiece."
            ),
        };

    private static IEnumerable<KeyValuePair<string, object>> BytePair(BytePairTokenizer tokenizer, TransformerConfig config)
    {
        // Models may have more rows than the tokenizer has ids.
        var texts = Enumerable.Range(0, config.VocabularySize).Select(id => $"[PAD{id}]").ToArray();
        var types = Enumerable.Repeat(Unused, config.VocabularySize).ToArray();
        foreach (var (text, id) in tokenizer.Vocabulary.Tokens)
        {
            (texts[id], types[id]) = (text, Normal);
        }

        foreach (var (text, id) in tokenizer.Vocabulary.Special.Where(s => s.Value < config.VocabularySize))
        {
            (texts[id], types[id]) = (text, Control);
        }

        yield return new("tokenizer.ggml.model", "gpt2");
        yield return new("tokenizer.ggml.pre", "gpt-2"); // How texts are cut into words: as GPT-2 does, in every byte-level tokenizer here.
        yield return new("tokenizer.ggml.tokens", texts);
        yield return new("tokenizer.ggml.token_type", types);
        yield return new("tokenizer.ggml.merges", tokenizer.Vocabulary.Merges.ToArray());
    }

    private static IEnumerable<KeyValuePair<string, object>> Pipeline(PipelineVocabulary vocabulary, TransformerConfig config)
    {
        string Text(int id) => (id < vocabulary.Texts.Length ? vocabulary.Texts[id] : null) ?? $"[PAD{id}]";
        int Type(int id) =>
            id >= vocabulary.Texts.Length || vocabulary.Texts[id] is not { } text ? Unused
            : vocabulary.Special.Contains(id) ? Control
            : vocabulary.Added.Contains(id) ? UserDefined
            : vocabulary.Kind == VocabularyKind.PairsWithBytes && text.Length == 6 && text.StartsWith("<0x", StringComparison.Ordinal)
                ? Byte
            : Normal;
        var byteLevel = vocabulary.Kind == VocabularyKind.ByteLevelPairs;
        var ids = Enumerable.Range(0, config.VocabularySize).ToArray();
        yield return new("tokenizer.ggml.model", byteLevel ? "gpt2" : "llama");
        yield return new("tokenizer.ggml.tokens", ids.Select(Text).ToArray());
        yield return new("tokenizer.ggml.token_type", ids.Select(Type).ToArray());
        if (byteLevel)
        {
            yield return new(
                "tokenizer.ggml.pre",
                GgufWords.Of(vocabulary)?.Name
                    ?? throw new AttuneException(
                        $"The tokenizer cuts words by the expression '{vocabulary.Words}', which llama.cpp has no name for "
                            + $"here; known are those of {string.Join(", ", GgufWords.Names)}."
                    )
            );
            yield return new("tokenizer.ggml.merges", vocabulary.Merges.Select(m => $"{Text(m.Left)} {Text(m.Right)}").ToArray());
            yield break;
        }

        // llama.cpp merges the neighbours with the highest score first: the sooner learned, the higher.
        var scores = new float[config.VocabularySize];
        for (var rank = vocabulary.Merges.Length - 1; rank >= 0; rank--)
        {
            scores[vocabulary.Merges[rank].Merged] = -rank;
        }

        yield return new("tokenizer.ggml.scores", scores);
    }

    private static IEnumerable<KeyValuePair<string, object>> SentencePiece(SentencePieceTokenizer tokenizer, TransformerConfig config)
    {
        var pieces = tokenizer.Pieces().Take(config.VocabularySize).ToArray();
        var missing = Enumerable.Range(pieces.Length, Math.Max(0, config.VocabularySize - pieces.Length)).ToArray();
        if (!tokenizer.MergesPairs)
        {
            throw new AttuneException("A unigram, word or character SentencePiece model cannot be written in GGUF; expected pairs.");
        }
        yield return new("tokenizer.ggml.model", "llama");
        yield return new("tokenizer.ggml.add_space_prefix", tokenizer.PutsSpace);
        yield return new("tokenizer.ggml.tokens", pieces.Select(p => p.Text).Concat(missing.Select(id => $"[PAD{id}]")).ToArray());
        yield return new("tokenizer.ggml.scores", pieces.Select(p => p.Score).Concat(missing.Select(_ => 0f)).ToArray());
        yield return new("tokenizer.ggml.token_type", pieces.Select(p => p.Type).Concat(missing.Select(_ => Unused)).ToArray());
    }

    private static IEnumerable<KeyValuePair<string, object>> Roles(ITokenizer tokenizer)
    {
        if (tokenizer.BeginToken is { } begin)
        {
            yield return new("tokenizer.ggml.bos_token_id", (uint)begin);
        }

        yield return new("tokenizer.ggml.eos_token_id", (uint)tokenizer.EndToken);
        yield return new("tokenizer.ggml.add_bos_token", tokenizer.BeginToken is not null);
    }
}
