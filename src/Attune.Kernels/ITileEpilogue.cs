namespace Attune.Kernels;

/// <summary>What is done with a finished tile of a product: add a bias, apply an activation, store.</summary>
public unsafe interface ITileEpilogue
{
    /// <param name="tile">[rows][64], the sums of one panel</param>
    /// <param name="firstRow">The tile's first row in the product.</param>
    /// <param name="panel">The panel it belongs to.</param>
    void Finish(float* tile, int firstRow, int rows, int panel);
}
