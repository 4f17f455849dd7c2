using System.Collections.Immutable;
using Attune.Core;
using Google.Protobuf;

namespace Attune.Text.Tokenizers;

/// <summary>What a piece stands for; numbers as in the model file.</summary>
internal enum PieceType
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}

/// <summary>A piece of a SentencePiece vocabulary; its id is its place.</summary>
/// <param name="Text">Spaces are written U+2581, bytes as &lt;0x0A&gt;.</param>
/// <param name="Score">Pairs are merged in the order of their scores, highest first.</param>
internal readonly record struct Piece(string Text, float Score, PieceType Type);

/// <summary>The parts of a SentencePiece <c>.model</c> file (a protocol buffer, sentencepiece_model.proto) that matter here.</summary>
internal sealed record SentencePieceModel(ImmutableArray<Piece> Pieces, int Begin, int End)
{
    private const int PiecesField = 1,
        TrainerField = 2,
        NormalizerField = 3;
    private const int UnigramModel = 1,
        BytePairModel = 2;

    public static SentencePieceModel Parse(byte[] file, string source)
    {
        var (pieces, kind, begin, end) = ReadParts(file, source);
        if (kind == 0)
        {
            throw new ModelFileException(
                $"{source}: does not say how it was trained; expected a SentencePiece model. It may be cut short, or another "
                    + "kind of file."
            );
        }
        if (kind is not (UnigramModel or BytePairModel))
        {
            throw new ModelFileException(
                $"{source}: a SentencePiece model of type {kind}; expected 1, unigram, or 2, byte-pair encoding, as in Llama."
            );
        }
        if (pieces.IsEmpty || end < 0 || end >= pieces.Length || begin >= pieces.Length)
        {
            throw new ModelFileException(
                $"{source}: {pieces.Length} pieces with begin {begin} and end {end}; expected a SentencePiece model with an end token."
            );
        }
        return new SentencePieceModel(pieces, begin, end);
    }

    /// <returns>The kind is 0 where the file does not name it.</returns>
    private static (ImmutableArray<Piece> Pieces, int Kind, int Begin, int End) ReadParts(byte[] file, string source)
    {
        var pieces = ImmutableArray.CreateBuilder<Piece>();
        var (kind, begin, end) = (0, 1, 2);
        try
        {
            var input = new CodedInputStream(file);
            for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
            {
                if (tag == WireFormat.MakeTag(PiecesField, WireFormat.WireType.LengthDelimited))
                {
                    pieces.Add(ReadPiece(input.ReadBytes()));
                }
                else if (tag == WireFormat.MakeTag(TrainerField, WireFormat.WireType.LengthDelimited))
                {
                    (kind, begin, end) = ReadTrainer(input.ReadBytes());
                }
                else
                {
                    input.SkipLastField();
                }
            }

            return (pieces.ToImmutable(), kind, begin, end);
        }
        catch (InvalidProtocolBufferException problem)
        {
            throw new ModelFileException(
                $"{source}: not a whole SentencePiece model ({problem.Message.TrimEnd('.')}); it may be cut short. Fetch it again.",
                problem
            );
        }
    }

    /// <summary>A model file as Llama's: byte-pair encoding with byte fallback, a space before each text, nothing normalised.</summary>
    public byte[] Serialize()
    {
        using var file = new MemoryStream();
        using (var output = new CodedOutputStream(file, leaveOpen: true))
        {
            foreach (var piece in Pieces)
            {
                output.WriteTag(PiecesField, WireFormat.WireType.LengthDelimited);
                output.WriteBytes(Message(m => WritePiece(m, piece)));
            }

            output.WriteTag(TrainerField, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(Message(WriteTrainer));
            output.WriteTag(NormalizerField, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(Message(WriteNormalizer));
        }

        return file.ToArray();
    }

    /// <summary>
    /// The same model without a space before each text. Of a message that occurs twice in a protocol buffer the fields merge and the
    /// later value counts, so it is enough to append one.
    /// </summary>
    public static byte[] WithoutLeadingSpace(byte[] file)
    {
        using var changed = new MemoryStream();
        changed.Write(file);
        using (var output = new CodedOutputStream(changed, leaveOpen: true))
        {
            output.WriteTag(NormalizerField, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(Message(m => WriteFlag(m, 3, false)));
        }

        return changed.ToArray();
    }

    private static Piece ReadPiece(ByteString message)
    {
        var piece = new Piece("", 0, PieceType.Normal);
        var input = message.CreateCodedInput();
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1:
                    piece = piece with { Text = input.ReadString() };
                    break;
                case 2:
                    piece = piece with { Score = input.ReadFloat() };
                    break;
                case 3:
                    piece = piece with { Type = (PieceType)input.ReadEnum() };
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        return piece;
    }

    private static (int Kind, int Begin, int End) ReadTrainer(ByteString message)
    {
        var (kind, begin, end) = (1, 1, 2);
        var input = message.CreateCodedInput();
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 3:
                    kind = input.ReadEnum();
                    break;
                case 41:
                    begin = input.ReadInt32();
                    break;
                case 42:
                    end = input.ReadInt32();
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        return (kind, begin, end);
    }

    private static void WritePiece(CodedOutputStream message, Piece piece)
    {
        message.WriteTag(1, WireFormat.WireType.LengthDelimited);
        message.WriteString(piece.Text);
        message.WriteTag(2, WireFormat.WireType.Fixed32);
        message.WriteFloat(piece.Score);
        WriteNumber(message, 3, (int)piece.Type);
    }

    private void WriteTrainer(CodedOutputStream message)
    {
        WriteNumber(message, 3, BytePairModel);
        WriteNumber(message, 4, Pieces.Length);
        WriteFlag(message, 35, true); // byte_fallback
        WriteNumber(message, 40, 0); // unk_id
        WriteNumber(message, 41, Begin);
        WriteNumber(message, 42, End);
        WriteNumber(message, 43, -1); // pad_id: none
    }

    private static void WriteNormalizer(CodedOutputStream message)
    {
        message.WriteTag(1, WireFormat.WireType.LengthDelimited);
        message.WriteString("identity");
        WriteFlag(message, 3, true); // add_dummy_prefix
        WriteFlag(message, 4, false); // remove_extra_whitespaces
        WriteFlag(message, 5, true); // escape_whitespaces
    }

    private static void WriteNumber(CodedOutputStream message, int field, int value)
    {
        message.WriteTag(field, WireFormat.WireType.Varint);
        message.WriteInt32(value);
    }

    private static void WriteFlag(CodedOutputStream message, int field, bool value)
    {
        message.WriteTag(field, WireFormat.WireType.Varint);
        message.WriteBool(value);
    }

    private static ByteString Message(Action<CodedOutputStream> write)
    {
        using var content = new MemoryStream();
        using (var output = new CodedOutputStream(content, leaveOpen: true))
        {
            write(output);
        }

        return ByteString.CopyFrom(content.ToArray());
    }
}
