namespace Attune.Text.Tokenizers.Pieces;

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

/// <summary>How texts are cut into pieces; numbers as in the model file.</summary>
internal enum PieceKind
{
    Unigram = 1,
    Pairs = 2,
    Words = 3,
    Characters = 4,
}

/// <summary>A piece of a SentencePiece vocabulary; its id is its place.</summary>
/// <param name="Text">Spaces are written U+2581, bytes as &lt;0x0A&gt;.</param>
/// <param name="Score">Pairs are merged in the order of their scores, highest first; a unigram model's log-probabilities.</param>
internal readonly record struct Piece(string Text, float Score, PieceType Type);
