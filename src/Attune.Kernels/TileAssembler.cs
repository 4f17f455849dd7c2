namespace Attune.Kernels;

/// <summary>
/// Writes the routine <c>(activations, stride in bytes, panel, steps, tile, fetch)</c> in the System V convention: RDI, RSI, RDX, RCX,
/// R8, R9. Registers zmm0 to zmm23 are the sums of six rows of four, zmm24 to zmm27 a step's weights, zmm28 and zmm29 a pair
/// of activations; none of them must be kept for the caller.
/// </summary>
internal sealed class TileAssembler
{
    private const int Rax = 0,
        Rdx = 2,
        Rsi = 6,
        Rdi = 7,
        R8 = 8;
    private const int Weights = 24,
        Input = 28,
        PerRow = 4;
    private const int Vector = 64,
        StepBytes = PerRow * Vector,
        PairBytes = 4;

    // Prefixes and opcode maps of EVEX.
    private const int NoPrefix = 0,
        Prefix66 = 1,
        PrefixF3 = 2,
        Map0F = 1,
        Map0F38 = 2;

    private readonly List<byte> _code = [];

    internal byte[] Assemble(int rows, int linesPerStep)
    {
        Bytes(0x48, 0x8D, 0x04, 0x77); // lea rax, [rdi + 2 * rsi]
        Bytes(0x48, 0x01, 0xF0); // add rax, rsi: the fourth row
        for (var sum = 0; sum < rows * PerRow; sum++)
        {
            Registers(Prefix66, Map0F, 0xEF, sum, sum, sum); // vpxord
        }

        var loop = _code.Count;
        Fetch(linesPerStep);
        Multiply(rows);
        Bytes(0x48, 0xFF, 0xC9); // dec rcx
        Bytes(0x0F, 0x85); // jnz loop
        Number(loop - _code.Count - sizeof(int));
        for (var sum = 0; sum < rows * PerRow; sum++)
        {
            Memory(NoPrefix, Map0F, 0x11, sum, R8, Vector * sum); // vmovups [r8 + ...], sum
        }

        Bytes(0xC5, 0xF8, 0x77); // vzeroupper
        Bytes(0xC3); // ret
        return [.. _code];
    }

    private void Fetch(int lines)
    {
        for (var line = 0; line < lines; line++)
        {
            Bytes(0x41, 0x0F, 0x18, 0x91); // prefetcht1 [r9 + ...]
            Number(Vector * line);
        }

        if (lines > 0)
        {
            Bytes(0x49, 0x81, 0xC1); // add r9, ...
            Number(Vector * lines);
        }
    }

    /// <summary>Reads 64 pairs of weights and adds their products with a pair of each row.</summary>
    private void Multiply(int rows)
    {
        for (var part = 0; part < PerRow; part++)
        {
            Memory(NoPrefix, Map0F, 0x10, Weights + part, Rdx, Vector * part); // vmovups
        }

        Bytes(0x48, 0x81, 0xC2); // add rdx, ...
        Number(StepBytes);
        for (var row = 0; row < rows; row++)
        {
            var input = Input + row % 2;
            Indexed(Prefix66, Map0F38, 0x58, input, row < 3 ? Rdi : Rax, Rsi, row % 3); // vpbroadcastd input, [base + (0, 1, 2) * rsi]
            for (var part = 0; part < PerRow; part++)
            {
                Registers(PrefixF3, Map0F38, 0x52, row * PerRow + part, Weights + part, input); // vdpbf16ps
            }
        }

        Bytes(0x48, 0x83, 0xC7, PairBytes); // add rdi, ...
        Bytes(0x48, 0x83, 0xC0, PairBytes); // add rax, ...
    }

    private void Registers(int prefix, int map, byte opcode, int target, int first, int second)
    {
        Evex(prefix, map, target, first, second, second >> 1);
        Bytes(opcode, (byte)(0xC0 | (target & 7) << 3 | (second & 7)));
    }

    /// <summary>A vector and [base + displacement].</summary>
    private void Memory(int prefix, int map, byte opcode, int vector, int address, int displacement)
    {
        Evex(prefix, map, vector, 0, address, 0);
        Bytes(opcode, (byte)(0x80 | (vector & 7) << 3 | (address & 7)));
        Number(displacement);
    }

    /// <summary>A vector and [base + times * index], times 0, 1 or 2.</summary>
    private void Indexed(int prefix, int map, byte opcode, int vector, int address, int index, int times)
    {
        if (times == 0)
        {
            Memory(prefix, map, opcode, vector, address, 0);
            return;
        }

        Evex(prefix, map, vector, 0, address, index);
        Bytes(opcode, (byte)((vector & 7) << 3 | 4), (byte)((times - 1) << 6 | index << 3 | (address & 7)));
    }

    /// <summary>The four bytes before the opcode, for 512 bits. Register numbers go in inverted, their high bits apart.</summary>
    /// <param name="x">Its bit 3 extends the index or, between registers, the second source's bit 4.</param>
    private void Evex(int prefix, int map, int target, int source, int second, int x) =>
        Bytes(
            0x62,
            (byte)(Not(target, 3) << 7 | Not(x, 3) << 6 | Not(second, 3) << 5 | Not(target, 4) << 4 | map),
            (byte)((~source & 15) << 3 | 4 | prefix),
            (byte)(0x40 | Not(source, 4) << 3)
        );

    private static int Not(int value, int bit) => (value >> bit & 1) ^ 1;

    private void Bytes(params ReadOnlySpan<byte> bytes) => _code.AddRange(bytes);

    private void Number(int value) => Bytes(BitConverter.GetBytes(value));
}
