namespace Attune.Kernels;

/// <summary>
/// The panels of a matrix that stays quantised. A panel of 64 outputs is cut along the inputs into blocks of 32: first the scales of its 64
/// columns, then, in Q4_1, their least values, all in 16 bits, then the codes. Codes of 8 bits lie input by input, 64 bytes each. Codes of
/// 4 bits lie in 64 words for each 8 inputs: a column's word holds the first input's code in its lowest bits. So a vector of words becomes
/// the weights of one input by a shift and a look-up. Memory is that of the blocks themselves.
/// </summary>
internal sealed unsafe class PackedBlocks : IDisposable
{
    internal const int Panel = PackedMatrix.Panel;

    /// <summary>Inputs whose 4-bit codes fill a word.</summary>
    internal const int PerWord = 8;

    private const int ScaleBytes = Panel * sizeof(ushort);

    private readonly NativeBuffer _bytes;
    private readonly int _blocks;

    internal PackedBlocks(BlockType type, int panels, int inputs)
    {
        (Type, _blocks) = (type, BlockCodec.Blocks(inputs));
        PanelBytes = (long)_blocks * BlockBytes(type);
        _bytes = new NativeBuffer(panels * PanelBytes / sizeof(float));
    }

    internal BlockType Type { get; }

    internal long PanelBytes { get; }

    internal byte* PanelAt(int panel) => (byte*)_bytes.Start + panel * PanelBytes;

    /// <summary>Bytes of 64 columns of a block.</summary>
    internal static int BlockBytes(BlockType type) => HeadBytes(type) + Panel * BlockCodec.Length / (type == BlockType.Q80 ? 1 : 2);

    /// <summary>Bytes of a block's scales and least values, before the codes.</summary>
    internal static int HeadBytes(BlockType type) => type == BlockType.Q41 ? 2 * ScaleBytes : ScaleBytes;

    /// <summary>Writes a column: one row of the source.</summary>
    /// <param name="row">Its blocks, as in <see cref="BlockMatrix"/>.</param>
    internal void Write(int panel, int column, ReadOnlySpan<byte> row)
    {
        var size = BlockCodec.Bytes(Type);
        var target = PanelAt(panel);
        for (var block = 0; block < _blocks; block++, target += BlockBytes(Type))
        {
            var source = row.Slice(block * size, size);
            ((ushort*)target)[column] = BlockCodec.ScaleBits(source);
            if (Type == BlockType.Q41)
            {
                ((ushort*)target)[Panel + column] = BlockCodec.LeastBits(Type, source);
            }

            WriteCodes(target + HeadBytes(Type), column, source);
        }
    }

    public void Dispose() => _bytes.Dispose();

    private void WriteCodes(byte* target, int column, ReadOnlySpan<byte> block)
    {
        var codes = BlockCodec.Codes(Type, block);
        if (Type == BlockType.Q80)
        {
            target += column;
            foreach (var code in codes)
            {
                *target = code;
                target += Panel;
            }

            return;
        }

        var (first, second) = (BitConverter.ToUInt64(codes), BitConverter.ToUInt64(codes[sizeof(ulong)..]));
        var words = (uint*)target + column;
        words[0] = Lower(first);
        words[Panel] = Lower(second);
        words[2 * Panel] = Lower(first >> 4);
        words[3 * Panel] = Lower(second >> 4);
    }

    /// <summary>The lower halves of 8 bytes, side by side.</summary>
    private static uint Lower(ulong bytes)
    {
        bytes &= 0x0F0F_0F0F_0F0F_0F0F;
        bytes = (bytes | bytes >> 4) & 0x00FF_00FF_00FF_00FF;
        bytes = (bytes | bytes >> 8) & 0x0000_FFFF_0000_FFFF;
        return (uint)(bytes | bytes >> 16);
    }
}
