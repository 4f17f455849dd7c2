using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Attune.Core;
using Attune.Text.Tokenizers.Pieces;

namespace Attune.Text.Tokenizers;

/// <summary>
/// llama2.c's binary tokenizer: the longest token's length, then for each token a score, a length and its bytes (int32, float32,
/// little endian). It holds a SentencePiece vocabulary without its types; ids 0 to 258 are unknown, begin, end and the 256 bytes.
/// </summary>
internal static class Llama2CTokenizer
{
    private const int FirstByte = 3;
    private const int FirstText = FirstByte + 256;

    public static SentencePieceTokenizer Read(string path, int vocabularySize)
    {
        var pieces = Pieces(ReadAll(path), path);
        if (pieces.Length != vocabularySize)
        {
            throw new ModelFileException(
                $"{path}: holds {pieces.Length} tokens; expected {vocabularySize}, as the model has. The tokenizer belongs to "
                    + "another model."
            );
        }
        if (pieces.Length < FirstText)
        {
            throw new ModelFileException(
                $"{path}: holds {pieces.Length} tokens; expected at least {FirstText}: unknown, begin, end and 256 bytes."
            );
        }
        return new SentencePieceTokenizer(
            new SentencePieceModel(pieces, Begin: 1, End: 2).Serialize(),
            path,
            [],
            roles: null,
            spaceAfterTokens: true
        );
    }

    private static ImmutableArray<Piece> Pieces(byte[] file, string path)
    {
        var pieces = ImmutableArray.CreateBuilder<Piece>();
        var at = 4;
        while (at < file.Length)
        {
            var length = at + 8 <= file.Length ? BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at + 4)) : -1;
            if (length < 0 || length > file.Length - at - 8)
            {
                throw new ModelFileException(
                    $"{path}: ends within token {pieces.Count}; expected llama2.c's tokenizer.bin. It may be cut short, or "
                        + "another kind of file."
                );
            }
            var score = BinaryPrimitives.ReadSingleLittleEndian(file.AsSpan(at));
            pieces.Add(Piece(pieces.Count, Encoding.UTF8.GetString(file, at + 8, length), score));
            at += 8 + length;
        }

        return pieces.ToImmutable();
    }

    private static Piece Piece(int id, string text, float score) =>
        id switch
        {
            0 => new Piece("<unk>", score, PieceType.Unknown),
            1 => new Piece("<s>", score, PieceType.Control),
            2 => new Piece("</s>", score, PieceType.Control),
            < FirstText => new Piece($"<0x{id - FirstByte:X2}>", score, PieceType.Byte),
            _ => new Piece(text.Replace(' ', '\u2581'), score, PieceType.Normal),
        };

    private static byte[] ReadAll(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException($"{path}: cannot be read: {problem.Message}", problem);
        }
    }
}
