using System.Text.Json.Nodes;

namespace Attune.Text.Tokenizers.Pipeline;

/// <summary>
/// WordPiece as BERT reads it (Devlin et al. 2019): the longest known beginning, again and again; a word that has an unknown rest is
/// unknown whole.
/// </summary>
internal sealed class WordPieceModel(Dictionary<string, int> ids, int unknown, string prefix, int longest) : ITokenizerModel
{
    public static WordPieceModel Read(JsonObject part, PartReader reader, string path)
    {
        var ids = TokenizerModels.Ids(part, reader, path);
        var unknown = TokenizerModels.IdOf(reader.TextOrNothing(part, "unk_token") ?? "[UNK]", ids, reader)!.Value;
        return new WordPieceModel(
            ids,
            unknown,
            reader.TextOrNothing(part, "continuing_subword_prefix") ?? "##",
            reader.Number(part, "max_input_chars_per_word", 100)
        );
    }

    public IReadOnlyDictionary<string, int> Vocabulary => ids;

    public void Encode(string piece, TokenSink sink)
    {
        var found = new List<(int Id, int Start, int End)>();
        // Code points, so that no piece ends within a character.
        var ends = new List<int> { 0 };
        foreach (var rune in piece.EnumerateRunes())
        {
            ends.Add(ends[^1] + rune.Utf16SequenceLength);
        }

        var start = 0;
        while (start < ends.Count - 1 && ends.Count - 1 <= longest)
        {
            var end = ends.Count - 1;
            var id = -1;
            while (end > start && !ids.TryGetValue((start > 0 ? prefix : "") + piece[ends[start]..ends[end]], out id))
            {
                end--;
            }

            if (end == start)
            {
                found.Clear();
                break;
            }

            found.Add((id, ends[start], ends[end]));
            start = end;
        }

        foreach (var (id, from, to) in found.DefaultIfEmpty((unknown, 0, piece.Length)))
        {
            sink.Add(id, from, to);
        }
    }
}
