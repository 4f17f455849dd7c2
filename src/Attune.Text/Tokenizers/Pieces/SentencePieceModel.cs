using System.Collections.Immutable;
using Attune.Core;
using Google.Protobuf;

namespace Attune.Text.Tokenizers.Pieces;

/// <summary>
/// The parts of a SentencePiece <c>.model</c> file (a protocol buffer, sentencepiece_model.proto) that matter here. Without more it is a
/// model as Llama's: byte-pair encoding with byte fallback, a space before each text, nothing normalised.
/// </summary>
internal sealed record SentencePieceModel(ImmutableArray<Piece> Pieces, int Begin, int End)
{
    private const int PiecesField = 1,
        TrainerField = 2,
        NormalizerField = 3;

    public PieceKind Kind { get; init; } = PieceKind.Pairs;

    /// <summary>Characters without a piece become their bytes' pieces.</summary>
    public bool FallsBackToBytes { get; init; } = true;

    /// <summary>The space that is put to a text stands after it, and words keep the space after them.</summary>
    public bool SpaceIsSuffix { get; init; }

    public bool PutsSpace { get; init; } = true;

    /// <summary>No spaces at the ends of a text, and one between words.</summary>
    public bool RemovesSpaces { get; init; }

    /// <summary>Spaces are written U+2581.</summary>
    public bool EscapesSpaces { get; init; } = true;

    /// <summary>The precompiled normalisation; empty for none.</summary>
    public ImmutableArray<byte> CharsMap { get; init; } = [];

    public static SentencePieceModel Parse(byte[] file, string source)
    {
        var model = ReadParts(file, source);
        if (model.Kind == 0)
        {
            throw new ModelFileException(
                $"{source}: does not say how it was trained; expected a SentencePiece model. It may be cut short, or another "
                    + "kind of file."
            );
        }
        if (!Enum.IsDefined(model.Kind))
        {
            throw new ModelFileException(
                $"{source}: a SentencePiece model of type {(int)model.Kind}; expected 1, unigram, 2, byte-pair encoding as in Llama, 3, "
                    + "words, or 4, characters."
            );
        }
        if (model.Pieces.IsEmpty || model.End < 0 || model.End >= model.Pieces.Length || model.Begin >= model.Pieces.Length)
        {
            throw new ModelFileException(
                $"{source}: {model.Pieces.Length} pieces with begin {model.Begin} and end {model.End}; expected a SentencePiece model "
                    + "with an end token."
            );
        }
        return model;
    }

    /// <summary>What a file means that says nothing.</summary>
    private static SentencePieceModel Unread { get; } =
        new([], 1, 2)
        {
            Kind = 0,
            FallsBackToBytes = false,
            RemovesSpaces = true,
        };

    /// <returns>The kind is 0 where the file does not name it.</returns>
    private static SentencePieceModel ReadParts(byte[] file, string source)
    {
        var pieces = ImmutableArray.CreateBuilder<Piece>();
        var model = Unread;
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
                    model = ReadTrainer(input.ReadBytes(), model.Kind == 0 ? model with { Kind = PieceKind.Unigram } : model);
                }
                else if (tag == WireFormat.MakeTag(NormalizerField, WireFormat.WireType.LengthDelimited))
                {
                    model = ReadNormalizer(input.ReadBytes(), model);
                }
                else
                {
                    input.SkipLastField();
                }
            }

            return model with
            {
                Pieces = pieces.ToImmutable(),
            };
        }
        catch (InvalidProtocolBufferException problem)
        {
            throw new ModelFileException(
                $"{source}: not a whole SentencePiece model ({problem.Message.TrimEnd('.')}); it may be cut short. Fetch it again.",
                problem
            );
        }
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

    /// <summary>Of a message that occurs twice the fields merge and the later value counts, as in every protocol buffer.</summary>
    private static SentencePieceModel ReadTrainer(ByteString message, SentencePieceModel model)
    {
        var input = message.CreateCodedInput();
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 3:
                    model = model with { Kind = (PieceKind)input.ReadEnum() };
                    break;
                case 24:
                    model = model with { SpaceIsSuffix = input.ReadBool() };
                    break;
                case 35:
                    model = model with { FallsBackToBytes = input.ReadBool() };
                    break;
                case 41:
                    model = model with { Begin = input.ReadInt32() };
                    break;
                case 42:
                    model = model with { End = input.ReadInt32() };
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        return model;
    }

    private static SentencePieceModel ReadNormalizer(ByteString message, SentencePieceModel model)
    {
        var input = message.CreateCodedInput();
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 2:
                    model = model with { CharsMap = [.. input.ReadBytes().Span] };
                    break;
                case 3:
                    model = model with { PutsSpace = input.ReadBool() };
                    break;
                case 4:
                    model = model with { RemovesSpaces = input.ReadBool() };
                    break;
                case 5:
                    model = model with { EscapesSpaces = input.ReadBool() };
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        return model;
    }

    public byte[] Serialize()
    {
        using var file = new MemoryStream();
        using (var output = new CodedOutputStream(file, leaveOpen: true))
        {
            foreach (var piece in Pieces)
            {
                WriteMessage(output, PiecesField, m => WritePiece(m, piece));
            }

            WriteMessage(output, TrainerField, WriteTrainer);
            WriteMessage(output, NormalizerField, WriteNormalizer);
        }

        return file.ToArray();
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
        WriteNumber(message, 3, (int)Kind);
        WriteNumber(message, 4, Pieces.Length);
        WriteFlag(message, 35, FallsBackToBytes);
        WriteNumber(message, 40, 0); // unk_id
        WriteNumber(message, 41, Begin);
        WriteNumber(message, 42, End);
        WriteNumber(message, 43, -1); // pad_id: none
    }

    private void WriteNormalizer(CodedOutputStream message)
    {
        message.WriteTag(1, WireFormat.WireType.LengthDelimited);
        message.WriteString("identity");
        WriteFlag(message, 3, PutsSpace); // add_dummy_prefix
        WriteFlag(message, 4, RemovesSpaces); // remove_extra_whitespaces
        WriteFlag(message, 5, EscapesSpaces); // escape_whitespaces
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

    private static void WriteMessage(CodedOutputStream output, int field, Action<CodedOutputStream> write)
    {
        using var content = new MemoryStream();
        using (var message = new CodedOutputStream(content, leaveOpen: true))
        {
            write(message);
        }

        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(content.ToArray()));
    }
}
